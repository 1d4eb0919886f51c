"""Messages by whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, select, update
from sqlalchemy.orm import Session

from chassis.auth import principal
from chassis.errors import NotFound
from chassis.names import parse_name
from services.notifications.inbox.models import Message
from services.notifications.policy import is_person

NEWEST_FIRST = (Message.create_time.desc(), Message.id.desc())
# What was dealt with before anybody read it is no news any more.
IS_NEWS = and_(Message.read_time.is_(None), Message.settle_time.is_(None))


def load_own(session: Session, name: str) -> Message:
    """A message of the caller; anybody else's is as if it was not there."""
    found = session.get(Message, parse_name("messages", name))
    if found is None or not is_person(principal(), found.person):
        raise NotFound("NO_SUCH_MESSAGE", f"{name} does not exist, or it is not yours")
    return found


def listing(person: str, *, unread: bool) -> Select[Message]:
    """What ListMessages pages through."""
    statement = select(Message).where(Message.person == person)
    return statement.where(IS_NEWS) if unread else statement


def unread_count(session: Session, person: str) -> int:
    unread = listing(person, unread=True).with_only_columns(func.count())
    return session.scalar(unread) or 0


def mark_all_read(session: Session, person: str, *, at: datetime) -> int:
    """How many were marked."""
    statement = (
        update(Message)
        .where(Message.person == person, IS_NEWS)
        .values(read_time=at)
        .returning(Message.id)
    )
    return len(session.scalars(statement).all())


def everything(session: Session, person: str) -> Sequence[Message]:
    """All that a person was told, oldest first."""
    statement = select(Message).where(Message.person == person)
    return session.scalars(statement.order_by(Message.create_time, Message.id)).all()


def told_by(
    session: Session, *, message: UUID | None = None, digest: UUID | None = None
) -> Sequence[Message]:
    """What one mail tells: a message, or what a digest gathers, oldest first; but what was dealt with since."""
    wanted = Message.id == message if message else Message.digest_id == digest
    statement = select(Message).where(wanted, Message.settle_time.is_(None))
    return session.scalars(statement.order_by(Message.create_time, Message.id)).all()


def waiting(session: Session, *, before: datetime) -> Sequence[str]:
    """Who has something that waits for a digest."""
    statement = select(Message.person).where(Message.waits_for_digest, Message.create_time < before)
    return session.scalars(statement.distinct()).all()


def gather(session: Session, person: str, *, before: datetime, into: UUID) -> None:
    """Put what waits, and was told before, into a digest."""
    session.execute(
        update(Message).where(_waits(person, before)).values(waits_for_digest=False, digest_id=into)
    )


def has_waiting(session: Session, person: str, *, before: datetime) -> bool:
    return bool(session.scalar(select(exists().where(_waits(person, before)))))


def _waits(person: str, before: datetime) -> ColumnElement[bool]:
    return and_(Message.person == person, Message.waits_for_digest, Message.create_time < before)


def stop_waiting(session: Session, person: str) -> None:
    """What waits for a digest waits no more: its reader wants no mail."""
    session.execute(
        update(Message)
        .where(Message.person == person, Message.waits_for_digest)
        .values(waits_for_digest=False)
    )


def forget(session: Session, person: str) -> None:
    """Nothing that they were told is left, and nothing that others were told points at them."""
    session.execute(delete(Message).where(Message.person == person))
    session.execute(update(Message).where(Message.about == person).values(about=""))
