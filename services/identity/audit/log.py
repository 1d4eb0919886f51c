"""Writing the audit log: in the transaction of the act that it records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.auth import Principal, principal
from chassis.clock import now
from chassis.database import Database
from services.identity.audit.chain import Link, digest
from services.identity.audit.models import HEAD, Entry, Head


def append(
    session: Session,
    who: Principal,
    action: str,
    subject: str,
    *,
    at: datetime,
    detail: str = "",
) -> Entry:
    """Record what `who` did to `subject`. Nothing in it may be personal: people are ids.

    Entries wait for one another from here to the end of the transaction: write them last.
    """
    return record(session, who.actor, action, subject, at=at, detail=detail)


def record(
    session: Session, actor: str, action: str, subject: str, *, at: datetime, detail: str = ""
) -> Entry:
    """As `append`, for an actor given by name."""
    head = lock(session)
    link = Link(head.entries + 1, at, actor, action, subject, detail, hash="")
    entry = Entry(
        sequence=link.sequence,
        create_time=at,
        actor=actor,
        action=action,
        subject=subject,
        detail=detail,
        hash=digest(head.hash, link),
    )
    session.add(entry)
    head.entries, head.hash = entry.sequence, entry.hash
    session.flush()
    return entry


def lock(session: Session) -> Head:
    """The log's end, in one hand until the transaction ends."""
    return session.scalars(select(Head).where(Head.id == HEAD).with_for_update()).one()


def record_operator(
    session: Session, who: Principal, action: str, subject: str, *, at: datetime
) -> None:
    """Record what an operator does in place of a manager or of the person; their own acts are no privilege."""
    if who.is_operator and subject != who.person:
        append(session, who, action, subject, at=at)


def recorder(database: Database) -> Callable[[str, str], None]:
    """Records an act of the caller's that changes nothing else here, such as to replay a dead letter."""

    def record_(action: str, subject: str) -> None:
        with database.begin() as session:
            append(session, principal(), action, subject, at=now())

    return record_
