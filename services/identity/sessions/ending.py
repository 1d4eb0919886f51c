"""Ending sessions, and ending access tokens before their time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

import structlog
from redis.exceptions import RedisError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from chassis.auth import Revocations
from chassis.database import Database, after_commit
from services.identity.sessions.models import OpenSession, Revocation

# Clocks of two machines may differ: a token is refused a little longer than it could live.
MARGIN = timedelta(seconds=60)

log = structlog.get_logger(__name__)


class Endings:
    """Ends sessions in the caller's transaction, and tells all programs once that is durable."""

    def __init__(self, revocations: Revocations, *, access_ttl_s: int) -> None:
        self._revocations = revocations
        self._tokens_live = timedelta(seconds=access_ttl_s) + MARGIN

    def end(self, session: Session, person: UUID, *, at: datetime, but: UUID | None = None) -> None:
        """End all of a person's sessions, but the one that is named."""
        self._end(session, [e for e in _sessions(session, person) if e.id != but], at)

    def end_one(self, session: Session, ended: OpenSession, *, at: datetime) -> None:
        self._end(session, [ended], at)

    def renew(self, session: Session, person: UUID, *, at: datetime) -> None:
        """End a person's access tokens, which say what is no longer so; their sessions go on."""
        opened = _sessions(session, person)
        self._revoke(session, opened, at)
        for each in opened:
            each.renew()

    def tell_again(self, database: Database, *, at: datetime) -> None:
        """Make sure that Redis knows of everything that it should know of just now."""
        with database.read() as session:
            live = session.scalars(select(Revocation).where(Revocation.until > at)).all()
        self._tell(live, at)

    def _end(self, session: Session, opened: Sequence[OpenSession], at: datetime) -> None:
        self._revoke(session, opened, at)
        ended = [each.id for each in opened]
        session.execute(delete(OpenSession).where(OpenSession.id.in_(ended)))

    def _revoke(self, session: Session, opened: Sequence[OpenSession], at: datetime) -> None:
        until = at + self._tokens_live
        revoked = [Revocation(sid=each.sid, until=until) for each in opened]
        session.add_all(revoked)
        session.flush()
        after_commit(session, lambda: self._tell(revoked, at))

    def _tell(self, revoked: Iterable[Revocation], at: datetime) -> None:
        """What Redis does not hear now it hears in the next round."""
        try:
            for each in revoked:
                seconds = ceil((each.until - at).total_seconds())
                self._revocations.revoke(each.sid, seconds)
        except RedisError as problem:
            log.warning("revocations_not_told", error=type(problem).__name__)


def _sessions(session: Session, person: UUID) -> Sequence[OpenSession]:
    statement = select(OpenSession).where(OpenSession.person_id == person)
    return session.scalars(statement.with_for_update()).all()
