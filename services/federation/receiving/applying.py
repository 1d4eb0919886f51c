"""Taking a page over: its entries, what they change, what is announced of that, and the cursor, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from interchange.federation.v1 import events_pb2 as events
from sqlalchemy import BindParameter, Table, bindparam, exists, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chassis.bulk import insert_all
from chassis.database import new_id
from chassis.errors import Aborted
from chassis.foreign import foreign_name
from services.federation.protocol.payloads import Receipt
from services.federation.protocol.receiving import Cursor
from services.federation.receiving.models import (
    AsideState,
    ReceivedCursor,
    ReceivedEntry,
    SetAside,
)
from services.federation.receiving.notices import Foreign
from services.federation.receiving.planning import Effect, Gone, Held, Live, Plan, Receipted, Record
from services.federation.receiving.reading import Received
from services.federation.receiving.telling import Word, tell
from services.federation.records import incoming

# The tables, not the entities: a page is a thousand rows, and the mapper would cost as much as the signatures.
ENTRIES: Table = ReceivedEntry.__table__  # type: ignore[assignment]  # it is one
START: Final = Cursor()
# So many words of our own have room between two entries.
STEP: Final = 1024
ASIDE: Table = SetAside.__table__  # type: ignore[assignment]  # it is one

UNREAD = {
    "epoch": START.epoch,
    "seq": START.seq,
    "hash": START.hash,
    "since": 0,
    "head": 0,
    "live_notices": 0,
}

# Written once: of a list of five hundred, SQLAlchemy would look at each member each time.
SUBJECTS: BindParameter[str] = bindparam("subjects", expanding=True)
IN_LOG = (
    ENTRIES.c.origin == bindparam("in_origin"),
    ENTRIES.c.channel == bindparam("in_channel"),
)
LIVE = select(ENTRIES.c.subject).where(ENTRIES.c.subject.in_(SUBJECTS), *IN_LOG, ENTRIES.c.is_live)
REPLACE = (
    update(ENTRIES)
    .where(ENTRIES.c.subject.in_(SUBJECTS), *IN_LOG, ENTRIES.c.is_live)
    .values(is_live=False)
)
FORGET = (
    update(ENTRIES)
    .where(ENTRIES.c.subject.in_(SUBJECTS), *IN_LOG)
    .values(payload=None, is_live=False)
)
HELD = (
    ASIDE.c.origin == bindparam("in_origin"),
    ASIDE.c.channel == bindparam("in_channel"),
    ASIDE.c.state == AsideState.HELD,
)
IS_HOLDING = select(exists().where(*HELD))
OVERTAKE = (
    update(ASIDE)
    .where(ASIDE.c.subject.in_(SUBJECTS), *HELD)
    .values(state=AsideState.DROPPED, line=None)
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What the partner is told back, in the transaction that did what it asked for."""

    erased: Callable[[Session, Plan, Sequence[Received], datetime], None]
    receipted: Callable[[Session, str, Receipt, datetime], None]


@dataclass
class Changes:
    """What one page comes to, as rows and as words to the region."""

    live: set[str]
    room: int  # for so many more live notices
    shown: set[str] = field(default_factory=set)  # subjects that this page leaves live
    held: list[dict[str, Any]] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    records: list[Received] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)


def load_cursor(session: Session, origin: str, channel: str) -> ReceivedCursor:
    """The cursor, locked; made when nothing of that log was ever read."""
    key = {"origin": origin, "channel": channel}
    found = session.get(ReceivedCursor, key, with_for_update=True)
    if found is None:
        session.execute(upsert(ReceivedCursor).values({**key, **UNREAD}).on_conflict_do_nothing())
        found = session.get_one(ReceivedCursor, key, with_for_update=True)
    return found


def apply(
    session: Session, plan: Plan, answers: Answers, *, quota: int, at: datetime
) -> ReceivedCursor:
    """Everything that the plan says, or nothing. Aborted CURSOR_MOVED when it was made for another state."""
    cursor = load_cursor(session, plan.origin, plan.channel)
    if cursor.place != plan.start:
        raise Aborted("CURSOR_MOVED", "somebody else has read on")
    if plan.entries:
        write(session, plan, answers, cursor, quota=quota, at=at)
        cursor.move(plan.end)
    return cursor


def write(
    session: Session,
    plan: Plan,
    answers: Answers,
    cursor: ReceivedCursor,
    *,
    quota: int,
    at: datetime,
) -> set[str]:
    """The rows of a plan and what the region is told of it; the subjects that it leaves live."""
    changes = Changes(_live_among(session, plan), room=quota - cursor.live_notices)
    for received, effect in plan.effects:
        _take(changes, plan, received, effect, at=at)
    _settle(session, plan, changes)
    insert_all(session, ENTRIES, list(_rows(plan, changes.shown, at)))
    if changes.held:
        session.execute(upsert(ASIDE).on_conflict_do_nothing(), changes.held)
    tell(session, plan.origin, changes.words)
    incoming.add_all(session, plan, changes.records, at=at)
    for receipt in changes.receipts:
        answers.receipted(session, plan.origin, receipt, at)
    if plan.erased and not plan.is_private:
        answers.erased(session, plan, _erasing(plan), at)
    cursor.live_notices += len(changes.shown) - len(changes.live)
    return changes.shown


def _take(
    changes: Changes, plan: Plan, received: Received, effect: Effect, *, at: datetime
) -> None:
    subject, seq = received.protected.subject, received.protected.seq
    was_live = subject in changes.live
    changes.room += was_live
    if isinstance(effect, Live) and changes.room <= 0:
        effect = Held("LIVE_QUOTA", "the partner has as many live notices as was agreed")
    match effect:
        case Live(foreign):
            changes.room -= 1
            changes.shown.add(subject)
            changes.words.append(live(plan, received, foreign))
        case Gone(erase):
            if was_live or erase:
                changes.words.append(gone(plan, subject, erase=erase, seq=seq))
        case Held():
            changes.held.append(aside_row(plan, received, effect, at))
            if was_live:  # what it says now we don't know: what it said before is not shown either
                changes.words.append(gone(plan, subject, seq=seq, before=1))
        case Record():
            changes.records.append(received)
        case Receipted(receipt):
            changes.receipts.append(receipt)


def _live_among(session: Session, plan: Plan) -> set[str]:
    """Which subjects of the page are live before it."""
    if plan.is_private:
        return set()
    subjects = [received.protected.subject for received, _ in plan.effects]
    return set(session.scalars(LIVE, {**_log(plan), "subjects": subjects}))


def _settle(session: Session, plan: Plan, changes: Changes) -> None:
    """What earlier entries on the same subjects still stood for."""
    if changes.live:
        session.execute(REPLACE, {**_log(plan), "subjects": list(changes.live)})
    if session.scalar(IS_HOLDING, _log(plan)):
        touched = [received.protected.subject for received, _ in plan.effects]
        session.execute(OVERTAKE, {**_log(plan), "subjects": touched})
    if plan.erased:
        forget_payloads(session, plan)


def _log(plan: Plan) -> dict[str, Any]:
    return {"in_origin": plan.origin, "in_channel": plan.channel}


def forget_payloads(session: Session, plan: Plan) -> None:
    """What was erased is dropped wherever it was kept; that there was something stays."""
    subjects = list(plan.erased)
    session.execute(FORGET, {**_log(plan), "subjects": subjects})
    session.execute(
        update(SetAside)
        .where(SetAside.subject.in_(subjects), SetAside.origin == plan.origin)
        .values(line=None)
    )


def _rows(plan: Plan, shown: set[str], at: datetime) -> Iterable[dict[str, Any]]:
    last = {received.protected.seq for received, _ in plan.effects}
    for each in plan.entries:
        protected = each.protected
        # A sealed record waits with its worker, until it is taken; nobody else could open it.
        dropped = plan.is_private or plan.erased.get(protected.subject, 0) >= protected.seq
        yield {
            "origin": plan.origin,
            "channel": plan.channel,
            "epoch": protected.epoch,
            "seq": protected.seq,
            "hash": each.hash,
            "op": protected.op,
            "subject": protected.subject,
            "kid": protected.kid,
            "protected": each.entry.protected,
            "sig": each.entry.sig,
            "payload": None if dropped else each.entry.payload,
            "is_live": protected.seq in last and protected.subject in shown,
            "receive_time": at,
        }


def _erasing(plan: Plan) -> list[Received]:
    """The entries that erase, the last for each subject."""
    return [
        each
        for each in plan.entries
        if plan.erased.get(each.protected.subject) == each.protected.seq
    ]


def aside_row(plan: Plan, received: Received, held: Held, at: datetime) -> dict[str, Any]:
    """An entry to keep until somebody decides."""
    protected = received.protected
    return {
        "id": new_id(),
        "origin": plan.origin,
        "channel": plan.channel,
        "epoch": protected.epoch,
        "seq": protected.seq,
        "subject": protected.subject,
        "state": AsideState.HELD,
        "reason": held.reason,
        "detail": held.detail[:500],
        "line": received.entry.line(),
        "create_time": at,
    }


def live(plan: Plan, received: Received, foreign: Foreign) -> events.LiveNoticeFacts:
    """The word that a notice is to be shown."""
    return events.LiveNoticeFacts(
        notice=foreign.notice,
        origin_notice=foreign.origin_notice,
        origin_organisation=foreign.origin_organisation,
        position=position(plan, received.protected.seq),
    )


def gone(
    plan: Plan, subject: str, *, seq: int, erase: bool = False, before: int = 0
) -> events.GoneNoticeFacts:
    """The word that a notice is not to be shown any more."""
    return events.GoneNoticeFacts(
        notice=foreign_name(plan.origin, f"notices/{subject}"),
        erase=erase,
        position=position(plan, seq, before=before),
    )


def position(plan: Plan, seq: int, *, before: int = 0) -> events.PositionFacts:
    """Where in the log that was said; `before` it, when it is our own word on what the entry replaces."""
    return events.PositionFacts(
        channel=plan.channel, epoch=plan.end.epoch, sequence=STEP * seq - before
    )
