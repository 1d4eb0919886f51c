"""Closing a notice, and telling those who answered it and were not chosen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from chassis.bus import publish
from services.opportunities.interests.convert import facts
from services.opportunities.interests.models import Interest
from services.opportunities.interests.queries import open_ones
from services.opportunities.notice_reports import settling
from services.opportunities.notices.convert import to_public
from services.opportunities.notices.kinds import Closing
from services.opportunities.notices.models import Notice
from services.opportunities.partner_records import telling
from services.opportunities.swaps import dropping

NOT_CHOSEN = "NOTICE_GONE"
# The reason that is kept with each interest that was not chosen.
REASONS = {
    Closing.FILLED: "The notice was filled.",
    Closing.WITHDRAWN: "The notice was withdrawn.",
    Closing.EXPIRED: "The notice expired.",
    Closing.REMOVED: "The notice was removed by the region's operator.",
}


def withdraw(session: Session, notice: Notice, note: str, *, at: datetime) -> None:
    """Take a notice back, whatever its state."""
    notice.withdraw(note, at=at)
    _announce(session, notice, at)


def close(
    session: Session, notice: Notice, reason: Closing, *, at: datetime, note: str = ""
) -> None:
    """Close a published notice."""
    notice.close(reason, at=at, note=note)
    _announce(session, notice, at)


def _announce(session: Session, notice: Notice, at: datetime) -> None:
    decline(session, open_ones(session, notice), REASONS[notice.closing_reason], at=at)
    event = events.NoticeClosed(
        notice=to_public(notice), manager=notice.manager, beneficiary=notice.beneficiary
    )
    publish(session, event)
    dropping.on_notice_closed(session, notice, at=at)
    settling.on_notices_closed(session, [notice.id], at=at)


def decline(session: Session, interests: Iterable[Interest], reason: str, *, at: datetime) -> None:
    """Decline interests that were not chosen, and say so to each."""
    for interest in interests:
        interest.decline(reason, at=at, code=NOT_CHOSEN)
        publish(session, events.InterestDeclined(interest=facts(interest), not_chosen=True))
        telling.interest(session, interest, at=at)


def decline_untold(session: Session, copy: Notice, *, at: datetime) -> None:
    """Of a copy that is gone: what its region never heard of. The rest is that region's to decide."""
    untold = [each for each in open_ones(session, copy) if not each.is_told]
    for interest in untold:
        interest.lapse(REASONS[Closing.WITHDRAWN], code=NOT_CHOSEN, at=at)
        publish(session, events.InterestDeclined(interest=facts(interest), not_chosen=True))
