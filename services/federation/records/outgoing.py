"""Records that are due to partners: noted when they change, fetched when they go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chassis.bus import Handlers
from chassis.clock import now
from services.federation.records.bells import outgoing as bells
from services.federation.records.models import OutgoingRecord

FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Due:
    """A record that may go now."""

    region: str
    record: str
    revision: int
    is_erasure: bool
    attempts: int


def handlers(clock: Callable[[], datetime] = now) -> Handlers:
    """Of what opportunities says is to be told to a region."""

    def on_due(session: Session, event: events.PartnerRecordDue) -> None:
        note(session, event.region, event.record, is_erasure=False, at=clock())

    def on_erased(session: Session, event: events.PartnerRecordErased) -> None:
        note(session, event.region, event.record, is_erasure=True, at=clock())

    return {events.PartnerRecordDue: on_due, events.PartnerRecordErased: on_erased}


def note(session: Session, region: str, record: str, *, is_erasure: bool, at: datetime) -> None:
    """A region is to hear of a record, once however often it changed before it went."""
    values = {"is_erasure": is_erasure, "attempts": 0, "next_attempt_time": at}
    row = {"region": region, "record": record, "revision": 1, "create_time": at, **values}
    statement = upsert(OutgoingRecord).values(row)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[OutgoingRecord.region, OutgoingRecord.record],
            set_={**values, "revision": OutgoingRecord.revision + 1},
        )
    )
    bells.ring_after(session)


def due(session: Session, *, at: datetime, most: int) -> Sequence[Due]:
    """Those that may go now, the oldest first."""
    statement = (
        select(OutgoingRecord)
        .where(OutgoingRecord.next_attempt_time <= at)
        .order_by(OutgoingRecord.next_attempt_time, OutgoingRecord.create_time)
        .limit(most)
    )
    return [
        Due(each.region, each.record, each.revision, each.is_erasure, each.attempts)
        for each in session.scalars(statement)
    ]


def take(session: Session, due: Due) -> bool:
    """Remove it in the transaction that sends it; False when there is newer word of it."""
    row = session.get(OutgoingRecord, (due.region, due.record), with_for_update=True)
    if row is None or row.revision != due.revision:
        return False
    session.delete(row)
    return True


def again(session: Session, due: Due, *, at: datetime) -> None:
    """Later, and later each time."""
    wait = min(FIRST_RETRY * 2 ** min(due.attempts, 10), LONGEST_RETRY)
    session.execute(
        update(OutgoingRecord)
        .where(OutgoingRecord.region == due.region, OutgoingRecord.record == due.record)
        .where(OutgoingRecord.revision == due.revision)
        .values(attempts=due.attempts + 1, next_attempt_time=at + wait)
    )
