"""What happens to what regions told each other as time passes: consents end, and with them what they permitted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from chassis.database import Database
from services.opportunities.interests.models import OPEN, Interest
from services.opportunities.partner_records import people, telling

# A transaction holds its rows for as long as it takes to take back so many.
BATCH = 100


def tend(database: Database, *, at: datetime) -> None:
    """Take back what is not consented to any more, and forget whom we were told of until now."""
    people.forget_expired(database, at=at)
    while _take_back(database, at=at) == BATCH:
        pass


def _take_back(database: Database, *, at: datetime) -> int:
    """Interests that wait elsewhere for a decision: they wait here again, for a consent."""
    ended = (
        select(Interest)
        .where(Interest.is_told, Interest.state.in_(OPEN), Interest.consent_expire_time <= at)
        .order_by(Interest.id)
        .limit(BATCH)
        .with_for_update(of=Interest, skip_locked=True)
    )
    with database.begin() as session:
        interests = session.scalars(ended).all()
        for interest in interests:
            telling.interest(session, interest, at=at)
    return len(interests)
