"""How long partners' words are kept: what is live for good, the rest while a neighbour may ask for it or doubt it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from chassis.database import Database
from services.federation.receiving.applying import ENTRIES
from services.federation.receiving.models import AsideState, ReceivedCursor, SetAside

STEP = 1000  # entries that are looked at in one transaction
DECIDED = (AsideState.TAKEN, AsideState.DROPPED)


def prune(database: Database, *, keep: timedelta, most: int, at: datetime) -> None:
    """Let our copies of logs begin later: nothing older than `keep` but what is live, and at most so many entries.

    A transaction for each step, so that whoever reads on does not wait for long.
    """
    with database.begin() as session:
        _forget_decided(session, at - keep)
    with database.read() as session:
        logs = session.execute(select(ReceivedCursor.origin, ReceivedCursor.channel)).all()
    for origin, channel in logs:
        while _step(database, origin, channel, at - keep, most):
            pass


def _step(database: Database, origin: str, channel: str, oldest: datetime, most: int) -> bool:
    """Forget some entries; whether there may be more."""
    with database.begin() as session:
        cursor = session.get(ReceivedCursor, (origin, channel), with_for_update=True)
        last = _last_over(session, cursor, oldest, most) if cursor else None
        if cursor is None or last is None:
            return False
        # What is live stays, and is not relayed from here any more: what came between is gone.
        of_log = delete(ENTRIES).where(*_of(cursor), ENTRIES.c.seq <= last)
        session.execute(of_log.where(ENTRIES.c.is_live.is_(False)))
        cursor.since = last
        return True


def _last_over(session: Session, cursor: ReceivedCursor, oldest: datetime, most: int) -> int | None:
    """The last of the next entries that is too old or one too many; never the one at the cursor, which is our proof."""
    following = (
        select(ENTRIES.c.seq, ENTRIES.c.receive_time)
        .where(*_of(cursor), ENTRIES.c.seq > cursor.since, ENTRIES.c.seq < cursor.seq)
        .order_by(ENTRIES.c.seq)
        .limit(STEP)
    )
    rows = session.execute(following).all()
    over = [row.seq for row in rows if row.receive_time < oldest or row.seq <= cursor.seq - most]
    return max(over, default=None)


def _forget_decided(session: Session, oldest: datetime) -> None:
    """What waits for a decision is kept until somebody makes it."""
    decided = delete(SetAside).where(SetAside.state.in_(DECIDED))
    session.execute(decided.where(SetAside.create_time < oldest))


def _of(cursor: ReceivedCursor) -> tuple[ColumnElement[bool], ...]:
    return (
        ENTRIES.c.origin == cursor.origin,
        ENTRIES.c.channel == cursor.channel,
        ENTRIES.c.epoch == cursor.epoch,
    )
