"""When a person changes employer: the record stays, and what is open and relies on the old employer ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from interchange.identity.v1 import events_pb2 as identity
from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.auth import ANONYMOUS
from chassis.bus import publish
from chassis.clock import now
from services.opportunities.exchanges.convert import facts as exchange_facts
from services.opportunities.exchanges.models import Exchange, Signatory, State
from services.opportunities.exchanges.parties import NAMED
from services.opportunities.interests.convert import facts as interest_facts
from services.opportunities.interests.models import OPEN, Interest
from services.opportunities.notices import closing
from services.opportunities.notices.kinds import State as NoticeState
from services.opportunities.notices.models import Notice
from services.opportunities.partner_records import acting, telling
from services.opportunities.requests.convert import facts as request_facts
from services.opportunities.requests.models import Request
from services.opportunities.requests.models import State as RequestState
from services.opportunities.swaps import dropping

REASON = "The person whom this was about has moved to another organisation."
# What is under way is for the managers to end: people are at work there.
NOT_BEGUN = (State.PROPOSED, State.AGREED)


def on_employer_changed(session: Session, event: identity.PersonEmployerChanged) -> None:
    person, former, at = event.person, event.former_organisation, now()
    _requests(session, person, former, at)
    _notices(session, person, former, at)
    _interests(session, person, former, at)
    _exchanges(session, person, former, at)


def _requests(session: Session, person: str, former: str, at: datetime) -> None:
    statement = select(Request).where(
        Request.person == person,
        Request.organisation == former,
        Request.state == RequestState.OPEN,
    )
    in_order = statement.order_by(Request.id).with_for_update()
    for request in session.scalars(in_order).all():
        request.withdraw(at=at)
        publish(session, events.RequestWithdrawn(request=request_facts(request)))


def _notices(session: Session, person: str, former: str, at: datetime) -> None:
    statement = select(Notice).where(
        Notice.beneficiary == person,
        Notice.organisation == former,
        Notice.state != NoticeState.CLOSED,
    )
    in_order = statement.order_by(Notice.id).with_for_update(of=Notice)
    for notice in session.scalars(in_order).all():
        closing.withdraw(session, notice, REASON, at=at)


def _interests(session: Session, person: str, former: str, at: datetime) -> None:
    statement = select(Interest).where(
        Interest.participant == person,
        Interest.organisation == former,
        Interest.state.in_(OPEN),
    )
    in_order = statement.order_by(Interest.id).with_for_update(of=Interest)
    for interest in session.scalars(in_order).all():
        interest.withdraw(reason=REASON, at=at)
        publish(session, events.InterestWithdrawn(interest=interest_facts(interest)))
        telling.interest(session, interest, at=at)


def _exchanges(session: Session, person: str, former: str, at: datetime) -> None:
    for exchange in not_over(session, person, NOT_BEGUN):
        if former not in (exchange.host_organisation, exchange.visiting_organisation):
            continue
        end(session, exchange, REASON, at=at)


def end(session: Session, exchange: Exchange, reason: str, *, at: datetime) -> None:
    """End an exchange because somebody can't take part any more; one that lives elsewhere is ended there."""
    if exchange.is_copy:
        return acting.end(session, exchange, reason, at=at)
    exchange.end(reason, at=at)
    publish(session, events.ExchangeEndedEarly(exchange=exchange_facts(exchange, actor="")))
    telling.exchange(session, exchange)
    dropping.on_exchange_over(session, exchange, by=ANONYMOUS, at=at)


def not_over(session: Session, person: str, states: Sequence[State]) -> Sequence[Exchange]:
    """Exchanges in these states in which somebody takes part in their own name."""
    takes_part = select(Signatory.exchange_id).where(
        Signatory.person == person, Signatory.role.in_(NAMED)
    )
    statement = select(Exchange).where(Exchange.id.in_(takes_part), Exchange.state.in_(states))
    in_order = statement.order_by(Exchange.id).with_for_update(of=Exchange)
    return session.scalars(in_order).all()
