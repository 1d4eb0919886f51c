"""Snapshots: kept aside page by page, checked as a whole, then taken over in one go; what is not listed is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, insert, select
from sqlalchemy.orm import Session

from chassis.errors import FailedPrecondition
from services.federation.protocol.head import BadHead, Manifest, snapshot_digest
from services.federation.protocol.receiving import Cursor, after_snapshot, is_acceptable
from services.federation.receiving.applying import (
    ENTRIES,
    Answers,
    gone,
    load_cursor,
    write,
)
from services.federation.receiving.models import ReceivedCursor, SnapshotEntry
from services.federation.receiving.notices import Admission
from services.federation.receiving.planning import Plan, effects, erasures
from services.federation.receiving.reading import Received, reread
from services.federation.receiving.telling import tell
from services.federation.records import incoming

STAGED: Table = SnapshotEntry.__table__  # type: ignore[assignment]  # it is one
CHUNK = 500


def begin(session: Session, origin: str, channel: str) -> None:
    """Forget what an earlier attempt has left."""
    session.execute(delete(STAGED).where(*_of(origin, channel)))


def stage(session: Session, origin: str, channel: str, entries: Sequence[Received]) -> None:
    """Keep one page of verified entries."""
    rows = [
        {
            "origin": origin,
            "channel": channel,
            "epoch": each.protected.epoch,
            "seq": each.protected.seq,
            "hash": each.hash,
            "subject": each.protected.subject,
            "line": each.entry.line(),
        }
        for each in entries
    ]
    if rows:
        session.execute(insert(STAGED), rows)


def finish(
    session: Session,
    manifest: Manifest,
    answers: Answers,
    *,
    admission: Admission,
    quota: int,
    at: datetime,
) -> ReceivedCursor:
    """Put the snapshot in the place of all that was live. BadHead when it is not what its manifest says.

    FailedPrecondition OLD_SNAPSHOT when it is older than what was read.
    """
    origin, channel = manifest.origin, manifest.channel
    cursor = load_cursor(session, origin, channel)
    if not is_acceptable(cursor.place, manifest):
        raise FailedPrecondition("OLD_SNAPSHOT", "the snapshot is older than what was read")
    listed = _check(session, manifest)
    plan = _plan(manifest, cursor.place)
    before = _live(session, plan)
    _clear(session, origin, channel)
    cursor.live_notices = 0
    for entries in _staged(session, manifest):
        found = effects(origin, channel, entries, admission)
        part = Plan(origin, channel, plan.start, plan.end, entries, found, erasures(entries))
        before -= write(session, part, answers, cursor, quota=quota, at=at)
        before -= set(part.erased)
    _sweep(session, plan, before, listed, at)
    begin(session, origin, channel)
    cursor.jump(plan.end, at=at)
    return cursor


def _plan(manifest: Manifest, start: Cursor) -> Plan:
    end = after_snapshot(manifest)
    return Plan(manifest.origin, manifest.channel, start, end, (), (), {})


def _check(session: Session, manifest: Manifest) -> set[str]:
    """The subjects listed; count and digest are those that were signed for."""
    ordered = select(STAGED.c.hash, STAGED.c.subject, STAGED.c.epoch).order_by(STAGED.c.seq)
    rows = session.execute(ordered.where(*_of(manifest.origin, manifest.channel))).all()
    if len(rows) != manifest.count or any(row.epoch != manifest.epoch for row in rows):
        raise BadHead("BAD_SNAPSHOT", "it has not as many entries of its epoch as it says")
    if snapshot_digest(row.hash for row in rows) != manifest.digest:
        raise BadHead("BAD_SNAPSHOT", "its entries are not those that were signed for")
    listed = {row.subject for row in rows}
    if len(listed) != len(rows):
        raise BadHead("BAD_SNAPSHOT", "it lists a subject twice")
    return listed


def _live(session: Session, plan: Plan) -> set[str]:
    live = select(ENTRIES.c.subject).where(
        ENTRIES.c.origin == plan.origin, ENTRIES.c.channel == plan.channel, ENTRIES.c.is_live
    )
    return set(session.scalars(live))


def _sweep(session: Session, plan: Plan, swept: set[str], listed: set[str], at: datetime) -> None:
    """What was live and is not any more is gone."""
    over = (gone(plan, each, seq=plan.end.seq, before=-1) for each in sorted(swept))
    tell(session, plan.origin, over)
    if plan.is_private:
        incoming.forget_unlisted(session, plan, listed, at=at)


def _clear(session: Session, origin: str, channel: str) -> None:
    """The history before it: what counts of that, the snapshot has."""
    session.execute(delete(ENTRIES).where(ENTRIES.c.origin == origin, ENTRIES.c.channel == channel))


def _staged(session: Session, manifest: Manifest) -> Iterator[list[Received]]:
    """In portions: a whole region's notices at once would be much memory."""
    after = -1
    while True:
        portion = (
            select(STAGED.c.seq, STAGED.c.line)
            .where(*_of(manifest.origin, manifest.channel), STAGED.c.seq > after)
            .order_by(STAGED.c.seq)
            .limit(CHUNK)
        )
        rows = session.execute(portion).all()
        if not rows:
            return
        after = rows[-1].seq
        yield [reread(row.line) for row in rows]


def _of(origin: str, channel: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return STAGED.c.origin == origin, STAGED.c.channel == channel
