"""What happens to swaps as time passes: what was not agreed in time goes on without those who did not agree."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from chassis.bulk import in_batches
from chassis.database import Database
from services.opportunities.swaps import dropping, queries
from services.opportunities.swaps.models import Swap

# A transaction holds its rows for as long as it takes to end so many.
BATCH = 20


def lapse(database: Database, *, at: datetime) -> int:
    """End what should have been agreed by now; how many. Several programs may do so at once."""
    return in_batches(lambda: _lapse_some(database, at), BATCH)


def _lapse_some(database: Database, at: datetime) -> int:
    with database.begin() as session:
        due = queries.overdue(at).order_by(Swap.agree_by_time, Swap.id).limit(BATCH)
        swaps = session.scalars(due.with_for_update(of=Swap, skip_locked=True)).all()
        for swap in swaps:
            _lapse(session, swap, at)
    return len(swaps)


def _lapse(session: Session, swap: Swap, at: datetime) -> None:
    silent = {part.notice_id for part in swap.parts if part.agree_time is None}
    dropping.drop(session, swap, silent, at=at)
