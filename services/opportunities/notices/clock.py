"""What happens to notices as time passes: their end is announced, then they expire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from chassis.bulk import in_batches
from chassis.bus import publish
from chassis.database import Database
from services.opportunities.notices import closing
from services.opportunities.notices.convert import to_public
from services.opportunities.notices.kinds import Closing, State
from services.opportunities.notices.models import TOLD_AHEAD, Notice
from services.opportunities.partners import copying

# A transaction holds its rows for as long as it takes to close so many.
BATCH = 100
OURS = Notice.origin_notice == ""


def expire(database: Database, *, at: datetime) -> int:
    """Close what should have closed by now; how many. Several programs may do so at once."""
    return in_batches(lambda: _expire_some(database, at), BATCH)


def lapse(database: Database, *, at: datetime) -> int:
    """Let copies go whose time has come, whether or not their region says so; how many."""
    return in_batches(lambda: _lapse_some(database, at), BATCH)


def announce_ends(database: Database, *, at: datetime) -> int:
    """Announce, once, what closes within a week; how many."""
    return in_batches(lambda: _announce_some(database, at), BATCH)


def _expire_some(database: Database, at: datetime) -> int:
    with database.begin() as session:
        due = _take(session, _closing_by(at).where(OURS))
        for notice in due:
            closing.close(session, notice, Closing.EXPIRED, at=at)
    return len(due)


def _lapse_some(database: Database, at: datetime) -> int:
    with database.begin() as session:
        due = _take(session, _closing_by(at).where(Notice.origin_notice != ""))
        for notice in due:
            notice.vanish(Closing.EXPIRED, at=at)
        copying.let_go(session, due, at=at)
        for region in sorted({notice.region for notice in due}):
            copying.announce(session, region, (each for each in due if each.region == region))
    return len(due)


def _announce_some(database: Database, at: datetime) -> int:
    with database.begin() as session:
        untold = _closing_by(at + TOLD_AHEAD).where(OURS, Notice.is_end_told.is_(False))
        due = _take(session, untold)
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
