"""Records that came: kept sealed until their owner here has taken them, in the order of each subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, exists, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, aliased

from services.federation.records.bells import incoming as bells
from services.federation.records.models import IncomingRecord, KnownRecord

if TYPE_CHECKING:
    from services.federation.receiving.planning import Plan
    from services.federation.receiving.reading import Received

FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that is due, as it lies there."""

    id: int
    origin: str
    channel: str
    epoch: int
    seq: int
    op: str
    subject: str
    payload: bytes | None
    expire_time: datetime | None
    attempts: int

    @property
    def is_erasure(self) -> bool:
        """Whether it says that a record is to be erased."""
        return self.payload is None


def add_all(session: Session, plan: Plan, records: Sequence[Received], *, at: datetime) -> None:
    """Keep them for the worker; a later one on the same subject replaces one that nobody has taken."""
    if not records:
        return
    last = {each.protected.subject: each for each in records}
    _replaced(session, plan.origin, list(last))
    rows = [
        {
            "origin": plan.origin,
            "channel": plan.channel,
            "epoch": each.protected.epoch,
            "seq": each.protected.seq,
            "op": each.protected.op,
            "subject": each.protected.subject,
            "payload": each.entry.payload,
            "expire_time": each.protected.exp,
            "attempts": 0,
            "next_attempt_time": at,
        }
        for each in records
        if each.entry.payload is None or each is last[each.protected.subject]
    ]
    session.execute(insert(IncomingRecord), rows)
    bells.ring_after(session)


def forget_unlisted(session: Session, plan: Plan, listed: set[str], *, at: datetime) -> None:
    """What a complete snapshot does not list any more is erased, as if it had said so."""
    known = select(KnownRecord.subject).where(
        KnownRecord.origin == plan.origin, KnownRecord.channel == plan.channel
    )
    gone = [subject for subject in session.scalars(known) if subject not in listed]
    if not gone:
        return
    _replaced(session, plan.origin, gone)
    rows = [
        {
            "origin": plan.origin,
            "channel": plan.channel,
            "epoch": plan.end.epoch,
            "seq": plan.end.seq,
            "op": "erase",
            "subject": subject,
            "payload": None,
            "expire_time": None,
            "attempts": 0,
            "next_attempt_time": at,
        }
        for subject in gone
    ]
    session.execute(insert(IncomingRecord), rows)
    bells.ring_after(session)


def _replaced(session: Session, origin: str, subjects: Sequence[str]) -> None:
    """Erasures stay: each is answered."""
    of_origin = delete(IncomingRecord).where(IncomingRecord.origin == origin)
    older = of_origin.where(IncomingRecord.subject.in_(subjects))
    session.execute(older.where(IncomingRecord.payload.is_not(None)))


def due(session: Session, *, at: datetime, most: int) -> list[Waiting]:
    """What can be handed on now, the oldest of each subject first."""
    earlier = aliased(IncomingRecord)
    first = ~exists().where(
        earlier.origin == IncomingRecord.origin,
        earlier.subject == IncomingRecord.subject,
        earlier.id < IncomingRecord.id,
    )
    statement = (
        select(IncomingRecord)
        .where(IncomingRecord.next_attempt_time <= at, first)
        .order_by(IncomingRecord.id)
        .limit(most)
    )
    return [_waiting(each) for each in session.scalars(statement)]


def again(session: Session, waiting: Waiting, *, at: datetime) -> None:
    """Later, and later each time."""
    wait = min(FIRST_RETRY * 2 ** min(waiting.attempts, 10), LONGEST_RETRY)
    session.execute(
        update(IncomingRecord)
        .where(*_is(waiting))
        .values(attempts=waiting.attempts + 1, next_attempt_time=at + wait)
    )


def done(session: Session, waiting: Waiting) -> None:
    """It is with its owner, set aside or erased: what it said is not kept here."""
    session.execute(delete(IncomingRecord).where(*_is(waiting)))


def _is(waiting: Waiting) -> Sequence[ColumnElement[bool]]:
    """The very one: SQLite gives the id of one that was replaced meanwhile to the one that replaced it."""
    return (
        IncomingRecord.id == waiting.id,
        IncomingRecord.epoch == waiting.epoch,
        IncomingRecord.seq == waiting.seq,
    )


def remember(session: Session, waiting: Waiting, record: str, expire_time: datetime | None) -> None:
    """What the subject's record is called, for the day when it must be erased."""
    values = {
        "channel": waiting.channel,
        "epoch": waiting.epoch,
        "seq": waiting.seq,
        "record": record,
        "expire_time": expire_time,
    }
    row = {"origin": waiting.origin, "subject": waiting.subject, **values}
    statement = upsert(KnownRecord).values(row)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[KnownRecord.origin, KnownRecord.subject], set_=values
        )
    )


def record_of(session: Session, origin: str, subject: str) -> str:
    """What a subject's record is called at its origin; empty when it never got here."""
    known = session.get(KnownRecord, (origin, subject))
    return known.record if known else ""


def forget(session: Session, origin: str, subject: str) -> None:
    """The record is erased."""
    of_origin = delete(KnownRecord).where(KnownRecord.origin == origin)
    session.execute(of_origin.where(KnownRecord.subject == subject))


def expired(session: Session, *, at: datetime, most: int) -> list[KnownRecord]:
    """Records that we promised to have erased by now."""
    over = select(KnownRecord).where(KnownRecord.expire_time <= at)
    return list(session.scalars(over.order_by(KnownRecord.expire_time).limit(most)))


def _waiting(row: IncomingRecord) -> Waiting:
    return Waiting(
        id=row.id,
        origin=row.origin,
        channel=row.channel,
        epoch=row.epoch,
        seq=row.seq,
        op=row.op,
        subject=row.subject,
        payload=row.payload,
        expire_time=row.expire_time,
        attempts=row.attempts,
    )
