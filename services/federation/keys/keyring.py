"""The online keys: one signs, each listed one opens what was sealed to it. The root key is never here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.clock import now
from chassis.database import Database, after_commit
from chassis.errors import FailedPrecondition
from chassis.secrets import Sealer
from services.federation.keys.models import ONLY, Identity, RegionKey
from services.federation.protocol.document import RegionDocument, read_document
from services.federation.protocol.keys import SigningKey

LONGEST = timedelta(days=90)
# Another instance may publish: this one notices within so many seconds.
REREAD_S = 5.0


class NotPublished(FailedPrecondition):
    """This region has not told anybody who it is yet."""

    def __init__(self) -> None:
        super().__init__(
            "NOT_INITIALISED",
            "this region has no published document yet: run `interchange federation init`",
        )


class Published(NamedTuple):
    """What we tell of ourselves, and the keys that go with it."""

    raw: bytes
    document: RegionDocument
    signer: SigningKey
    openers: Mapping[str, X25519PrivateKey]


class Keyring:
    """The keys of the document that is published, read again now and then."""

    def __init__(
        self,
        database: Database,
        secret: bytes,
        *,
        region: str,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._read = database.read
        self._sealer = Sealer(secret)
        self._region = region
        self._clock = clock
        self._lock = Lock()
        self._known: tuple[Published, float] | None = None

    def published(self) -> Published:
        """NotPublished until there is a document."""
        with self._lock:
            if self._known and time.monotonic() < self._known[1]:
                return self._known[0]
            found = self._load()
            self._known = found, time.monotonic() + REREAD_S
            return found

    @property
    def is_published(self) -> bool:
        """Whether there is a document."""
        try:
            self.published()
        except NotPublished:
            return False
        return True

    def signer(self) -> SigningKey:
        """The key to sign with now."""
        return self.published().signer

    def openers(self) -> Mapping[str, X25519PrivateKey]:
        """The keys that open what was sealed to us, by id."""
        return self.published().openers

    def create(self, session: Session, *, days: int, at: datetime) -> RegionKey:
        """A new key; it signs once a document lists it."""
        kid = f"{self._region}-{at:%Y-%m-%d}-{secrets.token_hex(3)}"
        signing, sealing = SigningKey.generate(kid), X25519PrivateKey.generate()
        key = RegionKey(
            kid=kid,
            public=signing.public,
            private=self._sealer.seal(kid, signing.private),
            sealing_public=sealing.public_key().public_bytes_raw(),
            sealing_private=self._sealer.seal(kid, sealing.private_bytes_raw()),
            not_before_time=at,
            not_after_time=at + (timedelta(days=days) if days else LONGEST),
        )
        session.add(key)
        return key

    def publish(self, session: Session, raw: bytes, *, at: datetime) -> Identity:
        """Take a document that the root key signed: of this region, newer, and with a key that we hold."""
        document = read_document(raw)
        identity = session.get(Identity, ONLY, with_for_update=True)
        self._check(session, document, identity)
        if identity is None:
            identity = Identity(document=raw, version=document.version, publish_time=at)
            session.add(identity)
        identity.document, identity.version, identity.publish_time = raw, document.version, at
        after_commit(session, self._forget)
        return identity

    def _check(self, session: Session, document: RegionDocument, identity: Identity | None) -> None:
        if document.region != self._region:
            raise FailedPrecondition(
                "OTHER_REGION", f"the document is of {document.region}, not of {self._region}"
            )
        if identity and read_document(identity.document).root_public != document.root_public:
            raise FailedPrecondition("OTHER_ROOT", "another root key signed the document before")
        if identity and document.version <= identity.version:
            raise FailedPrecondition(
                "OLDER_VERSION", f"version {identity.version} is published: a newer one is needed"
            )
        held = set(session.scalars(select(RegionKey.kid)))
        if not held & {each.kid for each in document.keys}:
            raise FailedPrecondition("NO_KEY", "the document lists no key that this region holds")

    def _load(self) -> Published:
        with self._read() as session:
            identity = session.get(Identity, ONLY)
            keys = {each.kid: each for each in session.scalars(select(RegionKey))}
        if identity is None:
            raise NotPublished
        document = read_document(identity.document)
        listed = [keys[each.kid] for each in document.keys if each.kid in keys]
        at = self._clock()
        valid = [each for each in listed if document.current_key(each.kid, at=at)] or listed
        signer = max(valid, key=lambda each: each.not_before_time)
        return Published(
            identity.document,
            document,
            SigningKey(signer.kid, self._sealer.open(signer.kid, signer.private)),
            {each.kid: self._opener(each) for each in keys.values()},
        )

    def _opener(self, key: RegionKey) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self._sealer.open(key.kid, key.sealing_private))

    def _forget(self) -> None:
        self._known = None
