"""Ten failures in fifteen minutes lock an address for fifteen minutes, whether or not anybody has it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from chassis.errors import ResourceExhausted
from services.identity.sessions.models import Failures
from services.identity.sessions.secret_tokens import digest
from services.identity.storing import stored


def require_open(session: Session, email: str, *, at: datetime) -> None:
    """ResourceExhausted ACCOUNT_LOCKED while the address is locked."""
    known = session.get(Failures, digest(email))
    if known and known.is_locked(at):
        raise ResourceExhausted(
            "ACCOUNT_LOCKED", "too many failures: wait fifteen minutes, or ask the operator"
        )


def fail(session: Session, email: str, whose: UUID | None, *, at: datetime) -> bool:
    """Count a failure; whether it is the one that locks. `whose`: the person with this address, if there is one."""
    return _counted(session, email, at).add(whose, at=at)


def locked(at: datetime) -> Select[Failures]:
    """What is locked now."""
    return select(Failures).where(Failures.locked_until > at)


def clear(session: Session, email: str) -> None:
    """Forget the failures, and unlock."""
    session.execute(delete(Failures).where(Failures.digest == digest(email)))


def _counted(session: Session, email: str, at: datetime) -> Failures:
    fresh = Failures(digest=digest(email), first_time=at)
    known = _locked(session, email)
    if known or stored(session, fresh):
        return known or fresh
    return _locked(session, email) or fresh  # the first failure came twice at this moment


def _locked(session: Session, email: str) -> Failures | None:
    statement = select(Failures).where(Failures.digest == digest(email)).with_for_update()
    return session.scalars(statement).one_or_none()
