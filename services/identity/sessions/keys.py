"""The region's signing keys: one signs, those before it stay published until their last token has ended."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, or_, select
from sqlalchemy.orm import Session

from chassis.auth import JWKS, Jwk, Principal, generate_key, public_part
from chassis.clock import now
from chassis.database import Database, after_commit, new_id
from chassis.secrets import Sealer
from services.identity.audit import log
from services.identity.sessions.models import SigningKey

# Another instance may rotate: this one notices within so many seconds.
REREAD_S = 5.0
# For that, and for clocks that differ, a retired key stays published longer than its tokens live.
MARGIN = timedelta(seconds=60)

OURSELVES = Principal(service="identity")


class Keys:
    """The keys that people's access tokens are signed and checked with."""

    def __init__(
        self,
        database: Database,
        secret: bytes,
        *,
        access_ttl_s: int,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._database = database
        self._sealer = Sealer(secret)
        self._published_for = timedelta(seconds=access_ttl_s) + MARGIN
        self._clock = clock
        self._lock = Lock()
        self._signing: tuple[dict[str, Any], float] | None = None

    def ensure(self) -> None:
        """Have a key to sign with. Instances that start at the same moment make one between them."""
        if self._newest():
            return
        with self._database.begin() as session:
            log.lock(session)
            if not session.scalars(_signing()).first():
                self._add(session, OURSELVES, "signingKey.create")

    def signing(self) -> dict[str, Any]:
        """The private key to sign with now."""
        with self._lock:
            known = self._signing
            if known and time.monotonic() < known[1]:
                return known[0]
            key = self._open(self._newest())
            self._signing = key, time.monotonic() + REREAD_S
            return key

    def published(self) -> JWKS:
        """The public keys with which tokens that may still be met can be verified."""
        return JWKS(self.public())

    def public(self) -> Sequence[Jwk]:
        """The same as JWKs, newest first."""
        statement = select(SigningKey.public).where(self._may_be_met())
        with self._database.read() as session:
            return session.scalars(statement.order_by(SigningKey.create_time.desc())).all()

    def rotate(self, session: Session, by: Principal) -> Jwk:
        """Sign with a new key from the end of this transaction on."""
        log.lock(session)
        for key in session.scalars(_signing()):
            key.retire(at=self._clock())
        return self._add(session, by, "signingKey.rotate")

    def forget_old(self, session: Session) -> None:
        """Delete keys whose last token has ended."""
        session.execute(delete(SigningKey).where(~self._may_be_met()))

    def _add(self, session: Session, by: Principal, action: str) -> Jwk:
        key, at = generate_key(f"access.{new_id().hex}"), self._clock()
        public = public_part(key)
        session.add(
            SigningKey(
                kid=key["kid"],
                public=public,
                private=self._sealer.seal(key["kid"], json.dumps(dict(key)).encode()),
                create_time=at,
            )
        )
        log.append(session, by, action, f"signingKeys/{key['kid']}", at=at)
        after_commit(session, self._forget)
        return public

    def _newest(self) -> SigningKey | None:
        with self._database.read() as session:
            return session.scalars(_signing()).first()

    def _open(self, key: SigningKey | None) -> dict[str, Any]:
        if key is None:
            raise RuntimeError("there is no signing key: ensure() comes first")
        return dict(json.loads(self._sealer.open(key.kid, key.private)))

    def _forget(self) -> None:
        self._signing = None

    def _may_be_met(self) -> ColumnElement[bool]:
        oldest = self._clock() - self._published_for
        return or_(SigningKey.retire_time.is_(None), SigningKey.retire_time > oldest)


def _signing() -> Select[SigningKey]:
    newest = SigningKey.create_time.desc()
    return select(SigningKey).where(SigningKey.retire_time.is_(None)).order_by(newest)
