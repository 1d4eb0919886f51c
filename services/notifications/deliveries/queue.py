"""The mail queue: rows that a replica takes for a while, sends, and marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any
from uuid import UUID
from weakref import WeakSet

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chassis.bus import current_event
from chassis.database import after_commit, new_id
from chassis.telemetry import traceparent
from services.notifications.deliveries.models import Delivery, Problem, State
from services.notifications.templates.catalogue import Template

# Workers of this process that want to hear of a commit; another process's worker polls.
bells: WeakSet[Event] = WeakSet()


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that is ours until the lease ends."""

    id: UUID
    person: str
    template: str
    message_id: UUID | None
    is_urgent: bool
    attempts: int
    traceparent: str
    queue_time: datetime
    lease: UUID
    lease_until: datetime


def add(
    session: Session,
    person: str,
    kind: Template,
    *,
    at: datetime,
    message: UUID | None = None,
    state: State = State.QUEUED,
    event_id: str = "",
) -> UUID | None:
    """Queue a mail, once for each event; its id, None when there is one already."""
    row = {
        "id": new_id(),
        "person": person,
        "event_id": event_id or current_event().id,
        "template": kind.name,
        "message_id": message,
        "state": state,
        "is_urgent": kind.is_urgent,
        "attempts": 0,
        "problem": Problem.NONE if state is State.QUEUED else Problem.UNWANTED,
        "error": "",
        "traceparent": traceparent(),
        "create_time": at,
        "queue_time": at,
        "next_attempt_time": at,
    }
    statement = upsert(Delivery).values(row).on_conflict_do_nothing().returning(Delivery.id)
    after_commit(session, ring)
    return session.scalar(statement)


def ring() -> None:
    """Wake the workers of this process."""
    for bell in list(bells):
        bell.set()


def is_due(session: Session, *, at: datetime) -> bool:
    """Whether there is anything to take: asked often, so without a lock."""
    return bool(session.scalar(select(exists().where(_free(at)))))


def take(session: Session, *, at: datetime, until: datetime, most: int) -> list[Taken]:
    """Take what is due, urgent ones first. Rows that another replica is taking are passed over."""
    statement = (
        select(Delivery)
        .where(_free(at))
        .order_by(Delivery.is_urgent.desc(), Delivery.next_attempt_time, Delivery.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    lease, found = new_id(), session.scalars(statement).all()
    for each in found:
        each.lease, each.lease_until = lease, until
    return [_taken(each, lease, until) for each in found]


def sent(session: Session, taken: Taken, *, at: datetime) -> None:
    _finish(session, taken, state=State.SENT, send_time=at, problem=Problem.NONE, error="")


def skipped(session: Session, taken: Taken, why: Problem) -> None:
    _finish(session, taken, tried=0, state=State.SKIPPED, problem=why)


def failed(session: Session, taken: Taken, why: Problem, said: str) -> None:
    _finish(session, taken, state=State.FAILED, problem=why, error=said)


def again(session: Session, taken: Taken, why: Problem, said: str, *, at: datetime) -> None:
    """Another try, at a later time."""
    _finish(session, taken, next_attempt_time=at, problem=why, error=said)


def give_back(session: Session, taken: Sequence[Taken]) -> None:
    """What was taken and not tried is free at once."""
    for each in taken:
        _finish(session, each, tried=0)


def depth(session: Session) -> tuple[int, datetime | None]:
    """How many mails wait, and since when the oldest has."""
    statement = select(func.count(), func.min(Delivery.queue_time))
    row = session.execute(statement.where(Delivery.state == State.QUEUED)).one()
    return row[0], row[1]


def _free(at: datetime) -> ColumnElement[bool]:
    return and_(
        Delivery.state == State.QUEUED,
        Delivery.next_attempt_time <= at,
        or_(Delivery.lease_until.is_(None), Delivery.lease_until < at),
    )


def _finish(session: Session, taken: Taken, *, tried: int = 1, **values: Any) -> None:
    """Mark it, unless our lease had ended and another replica has it now, or the person was erased."""
    session.execute(
        update(Delivery)
        .where(Delivery.id == taken.id, Delivery.lease == taken.lease)
        .values(attempts=Delivery.attempts + tried, lease=None, lease_until=None, **values)
    )


def _taken(delivery: Delivery, lease: UUID, until: datetime) -> Taken:
    return Taken(
        id=delivery.id,
        person=delivery.person,
        template=delivery.template,
        message_id=delivery.message_id,
        is_urgent=delivery.is_urgent,
        attempts=delivery.attempts,
        traceparent=delivery.traceparent,
        queue_time=delivery.queue_time,
        lease=lease,
        lease_until=until,
    )
