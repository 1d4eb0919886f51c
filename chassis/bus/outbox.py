"""`publish`: an event is a row of the transaction that it tells of, or it is nothing."""

from __future__ import annotations

from threading import Event
from weakref import WeakSet

from google.protobuf.message import Message
from sqlalchemy import insert
from sqlalchemy.orm import Session

from chassis.bus import envelope
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


def store(session: Session, subject: str, event: Message) -> None:
    """Write the outbox row for a subject of the caller's choice."""
    event_id, at = new_id(), now()
    row = {
        "event_id": event_id,
        "subject": subject,
        "headers": envelope.headers(event, event_id, at, traceparent()),
        "payload": envelope.encode(event),
        "created_at": at,
    }
    session.execute(insert(outbox), row)
    after_commit(session, ring)


def ring() -> None:
    """Wake the relays of this process."""
    for bell in list(bells):
        bell.set()
