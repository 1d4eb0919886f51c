"""Changed terms: what they do not admit any more goes at once, what they admit now comes back.

A release that reads more than the one before is a change of terms too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, Select, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chassis.clock import now
from chassis.database import Database
from chassis.errors import Error
from services.federation.partners.models import ANSWERED, Partner
from services.federation.protocol.entry import Entry, read_protected
from services.federation.receiving.applying import ASIDE, ENTRIES, aside_row, gone
from services.federation.receiving.judging import Judging
from services.federation.receiving.models import AsideState, ReceivedCursor, SetAside
from services.federation.receiving.notices import Admission
from services.federation.receiving.planning import Held, Plan, effects
from services.federation.receiving.reading import Received
from services.federation.receiving.telling import tell
from services.federation.receiving.terms import bells, is_shared, terms_of
from services.federation.records.worker import Worker

STEP = 500  # notices that are looked at in one transaction
NOT_SHARED = Held("NOT_SHARED", "the channel is not shared between us any more")
# Other terms may judge them otherwise.
BY_TERMS = (NOT_SHARED.reason, "NOT_ADMITTED", "UNKNOWN_MAJOR", "UNKNOWN_OP", "BAD_PAYLOAD")
# Hidden by these terms; what they admit waits until its origin has been heard again.
HIDDEN = "hidden "
HEARD_WITHIN = timedelta(minutes=5)

log = structlog.get_logger(__name__)


class Readmitting:
    """Judges what is live, and what is held, by the terms as they are."""

    def __init__(
        self, database: Database, judging: Judging, clock: Callable[[], datetime] = now
    ) -> None:
        self._database = database
        self._judging = judging
        self._clock = clock

    def worker(self) -> Worker:
        """A thread that does it when terms change."""
        return Worker("terms", self.step, bells)

    def step(self) -> int:
        """Judge every log that was judged by other terms; none is left that can be judged now."""
        with self._database.read() as session:
            due = list(_due(session))
        for origin, channel, is_hidden in due:
            if not is_hidden:
                self._hide(origin, channel)
            self._show(origin, channel)
        return 0

    def _hide(self, origin: str, channel: str) -> None:
        after: int | None = 0
        while after is not None:
            with self._database.begin() as session:
                after = _hide_some(session, origin, channel, after, at=self._clock())

    def _show(self, origin: str, channel: str) -> None:
        """What was held for the terms alone; not before we know that its origin still stands by it."""
        with self._database.read() as session:
            cursor = session.get_one(ReceivedCursor, (origin, channel))
            if not _is_heard(cursor, self._clock()):
                return
            held = list(session.scalars(_held(cursor)))
        for each in held:
            self._retry(origin, each)
        with self._database.begin() as session:
            cursor = session.get_one(ReceivedCursor, (origin, channel), with_for_update=True)
            cursor.judged_by = cursor.judged_by.removeprefix(HIDDEN)

    def _retry(self, origin: str, identifier: UUID) -> None:
        try:
            self._judging.retry(origin, identifier)
        except Error as problem:  # still held, or its origin has said something later
            log.debug("still_held", partner=origin, reason=problem.reason)


def _due(session: Session) -> Iterator[tuple[str, str, bool]]:
    """Logs that were judged by other terms than those that hold; whether what must go is gone."""
    found = session.execute(
        select(Partner, ReceivedCursor)
        .join(ReceivedCursor, ReceivedCursor.origin == Partner.region)
        .where(Partner.state.in_(ANSWERED))
    )
    for partner, cursor in found:
        terms = terms_of(partner, cursor)
        if cursor.judged_by != terms:
            yield cursor.origin, cursor.channel, cursor.judged_by == HIDDEN + terms


def _is_heard(cursor: ReceivedCursor, at: datetime) -> bool:
    """Whether we have read all that its origin had said a moment ago."""
    return bool(cursor.is_at_head and cursor.head_time and at - cursor.head_time < HEARD_WITHIN)


def _hide_some(
    session: Session, origin: str, channel: str, after: int, *, at: datetime
) -> int | None:
    """Go on from an entry; where to go on next, None when all was looked at."""
    partner = session.get_one(Partner, origin, with_for_update=True)
    cursor = session.get_one(ReceivedCursor, (origin, channel), with_for_update=True)
    rows = session.execute(_live(cursor, after)).all()
    objected = list(_objected(partner, cursor, rows))
    if objected:
        _set_aside(session, cursor, objected, at)
        log.info("not_admitted_any_more", partner=origin, channel=channel, notices=len(objected))
    if len(rows) == STEP:
        return int(rows[-1].seq)
    cursor.judged_by = HIDDEN + terms_of(partner, cursor)
    return None


def _live(cursor: ReceivedCursor, after: int) -> Select[Any]:
    return (
        select(ENTRIES)
        .where(ENTRIES.c.origin == cursor.origin, ENTRIES.c.channel == cursor.channel)
        .where(ENTRIES.c.epoch == cursor.epoch, ENTRIES.c.is_live, ENTRIES.c.seq > after)
        .order_by(ENTRIES.c.seq)
        .limit(STEP)
    )


def _objected(
    partner: Partner, cursor: ReceivedCursor, rows: Sequence[Row[Any]]
) -> Iterator[tuple[Received, Held]]:
    entries = [_received(each) for each in rows]
    if not is_shared(partner, cursor):
        yield from ((each, NOT_SHARED) for each in entries)
        return
    admission = Admission.of(partner.policy)
    for each, effect in effects(cursor.origin, cursor.channel, entries, admission):
        if isinstance(effect, Held):
            yield each, effect


def _received(row: Row[Any]) -> Received:
    entry = Entry(row.protected, row.payload, row.sig)
    return Received(entry, read_protected(row.protected), row.hash)


def _set_aside(
    session: Session,
    cursor: ReceivedCursor,
    objected: Sequence[tuple[Received, Held]],
    at: datetime,
) -> None:
    """Not shown any more, and kept: terms may change again."""
    plan = Plan(cursor.origin, cursor.channel, cursor.place, cursor.place, (), (), {})
    seqs = [each.protected.seq for each, _ in objected]
    session.execute(
        update(ENTRIES)
        .where(ENTRIES.c.origin == cursor.origin, ENTRIES.c.channel == cursor.channel)
        .where(ENTRIES.c.epoch == cursor.epoch, ENTRIES.c.seq.in_(seqs))
        .values(is_live=False)
    )
    statement = upsert(ASIDE)
    again = {"state": AsideState.HELD, "line": statement.excluded.line}
    rows = [aside_row(plan, each, held, at) for each, held in objected]
    key = ["origin", "channel", "epoch", "seq", "reason"]
    session.execute(statement.on_conflict_do_update(index_elements=key, set_=again), rows)
    cursor.live_notices -= len(objected)
    word = cursor.speak()
    subjects = (each.protected.subject for each, _ in objected)
    tell(
        session, plan.origin, (gone(plan, each, seq=cursor.seq, before=-word) for each in subjects)
    )


def _held(cursor: ReceivedCursor) -> Select[Any]:
    """Of this epoch: what was before it, its snapshot has said anew."""
    return (
        select(SetAside.id)
        .where(SetAside.origin == cursor.origin, SetAside.channel == cursor.channel)
        .where(SetAside.epoch == cursor.epoch, SetAside.state == AsideState.HELD)
        .where(SetAside.reason.in_(BY_TERMS))
        .order_by(SetAside.seq)
    )
