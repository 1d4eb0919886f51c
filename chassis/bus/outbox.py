"""`publish`: an event is a row of the transaction that it tells of, or it is nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from threading import Event
from typing import Any
from weakref import WeakSet

from google.protobuf.message import Message
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from chassis.bulk import insert_all
from chassis.bus import envelope, lanes
from chassis.bus.tables import outbox
from chassis.clock import now
from chassis.database import after_commit, new_id
from chassis.tracing import traceparent

# Relays of this process that want to hear of a commit; another process's relay polls.
bells: WeakSet[Event] = WeakSet()


def publish(session: Session, event: Message) -> None:
    """Announce `event` if and when the session's transaction commits.

    Raises TypeError for a message without the `subject` option, ValueError for one over 60 KiB.
    """
    subject = envelope.subject_of(event.DESCRIPTOR)
    store(session, subject, event)


def publish_all(session: Session, events: Iterable[Message], *, lane: int | None = None) -> None:
    """Announce many events, in order, in one statement; on a lane, when one is given.

    What is on a lane comes in order there, and not with what is on another or on none. Raises what
    `publish` raises.
    """
    at, caused_by = now(), traceparent()
    rows = [_row(_subject(each, lane), each, at, caused_by) for each in events]
    if not rows:
        return
    insert_all(session, outbox, rows)
    after_commit(session, ring)


def _subject(event: Message, lane: int | None) -> str:
    subject = envelope.subject_of(event.DESCRIPTOR)
    return subject if lane is None else lanes.on_lane(subject, lane)


def store(session: Session, subject: str, event: Message) -> None:
    """Write the outbox row for a subject of the caller's choice."""
    session.execute(insert(outbox), _row(subject, event, now(), traceparent()))
    after_commit(session, ring)


def _row(subject: str, event: Message, at: datetime, caused_by: str) -> dict[str, Any]:
    event_id = new_id()
    return {
        "event_id": event_id,
        "subject": subject,
        "headers": envelope.headers(event, event_id, at, caused_by),
        "payload": envelope.encode(event),
        "created_at": at,
    }


def ring() -> None:
    """Wake the relays of this process."""
    for bell in list(bells):
        bell.set()


def has_waiting(session: Session) -> bool:
    """Whether an event waits to be published."""
    waiting = select(outbox.c.pos).where(outbox.c.published_at.is_(None)).limit(1)
    return session.scalar(waiting) is not None
