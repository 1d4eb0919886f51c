"""When a partnership ends: what waits between the two regions comes to nothing, for nobody will answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from chassis.bus import publish
from services.opportunities.interests.convert import facts
from services.opportunities.interests.models import OPEN, Interest
from services.opportunities.notices.closing import NOT_CHOSEN
from services.opportunities.notices.models import Notice

REASON = "The partnership with that region has ended."


def part(session: Session, region: str, *, at: datetime) -> None:
    """Ours in its notices, and its in ours. What was agreed is left to the two organisations."""
    copies = select(Notice.id).where(Notice.region == region, Notice.origin_notice != "")
    for interest in _open(session, Interest.notice_id.in_(copies)):
        interest.lapse(REASON, code=NOT_CHOSEN, at=at)
        publish(session, events.InterestDeclined(interest=facts(interest), not_chosen=True))
    for interest in _open(session, Interest.region == region):
        interest.withdraw(at=at, reason=REASON)
        publish(session, events.InterestWithdrawn(interest=facts(interest)))


def _open(session: Session, which: ColumnElement[bool]) -> Sequence[Interest]:
    """In the order in which everybody locks several."""
    statement = select(Interest).where(Interest.state.in_(OPEN), which).order_by(Interest.id)
    return session.scalars(statement.with_for_update(of=Interest)).all()
