"""When all have agreed: the people of each leg are introduced, and each leg is an exchange."""

from __future__ import annotations

from datetime import datetime

from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from chassis.bus import publish
from services.opportunities.exchanges.models import Exchange
from services.opportunities.exchanges.parties import parties
from services.opportunities.interests.convert import facts
from services.opportunities.interests.models import Interest
from services.opportunities.notices.convert import to_public
from services.opportunities.swaps.models import Swap, SwapPart


def introduce(session: Session, swap: Swap, *, at: datetime) -> None:
    """Each leg as an accepted interest of who goes in the post that they take, and as a place there."""
    for visitor, host in swap.legs:
        interest = _interest(visitor, host, at=at)
        exchange = Exchange.propose(host.notice, interest.id, *parties(interest), at=at)
        exchange.start_date, exchange.end_date = swap.days(visitor, host)
        interest.accept(exchange.id, at=at)
        visitor.exchange_id = exchange.id
        session.add_all([interest, exchange])
        if host.notice.take_place(at=at):
            publish(session, events.NoticeRevised(notice=to_public(host.notice)))
        publish(session, events.InterestAccepted(interest=facts(interest), exchange=exchange.name))


def _interest(visitor: SwapPart, host: SwapPart, *, at: datetime) -> Interest:
    """The consent to be introduced on the notice that is swapped holds for both its legs."""
    goes = visitor.notice
    interest = Interest.propose(
        host.notice,
        goes.owner,
        proposer=visitor.agreed_by,
        manager=goes.manager or visitor.agreed_by,
        is_vouched=True,
        participant=goes.beneficiary,
        offered_notice=goes.id,
        at=at,
    )
    interest.consent = goes.consent
    interest.endorse(by=visitor.agreed_by, own_side=True, at=at)
    return interest
