"""What happens to notices as time passes: their end is announced, then they expire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from chassis.bus import publish
from chassis.database import Database
from services.opportunities.notices import closing
from services.opportunities.notices.convert import to_public
from services.opportunities.notices.models import TOLD_AHEAD, Closing, Notice, State

# A transaction holds its rows for as long as it takes to close so many.
BATCH = 100


def expire(database: Database, *, at: datetime) -> int:
    """Close what should have closed by now; how many. Several programs may do so at once."""
    done = batch = _expire_some(database, at)
    while batch == BATCH:
        batch = _expire_some(database, at)
        done += batch
    return done


def announce_ends(database: Database, *, at: datetime) -> int:
    """Announce, once, what closes within a week; how many."""
    done = batch = _announce_some(database, at)
    while batch == BATCH:
        batch = _announce_some(database, at)
        done += batch
    return done


def _expire_some(database: Database, at: datetime) -> int:
    with database.begin() as session:
        due = _take(session, _closing_by(at))
        for notice in due:
            closing.close(session, notice, Closing.EXPIRED, at=at)
    return len(due)


def _announce_some(database: Database, at: datetime) -> int:
    with database.begin() as session:
        due = _take(session, _closing_by(at + TOLD_AHEAD).where(Notice.is_end_told.is_(False)))
        for notice in due:
            notice.announce_end()
            event = events.NoticeExpiring(notice=to_public(notice), manager=notice.manager)
            publish(session, event)
    return len(due)


def _closing_by(moment: datetime) -> Select[Notice]:
    return select(Notice).where(Notice.state == State.PUBLISHED, Notice.close_time <= moment)


def _take(session: Session, due: Select[Notice]) -> Sequence[Notice]:
    """Some of them, that no other program has in hand, until the transaction ends."""
    some = due.order_by(Notice.close_time, Notice.id).limit(BATCH)
    return session.scalars(some.with_for_update(of=Notice, skip_locked=True)).all()
