"""Copies of exchanges that live in a partner region, and the interests of ours that they came of."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.bus import publish
from chassis.foreign import foreign_id
from chassis.names import parse, parse_name
from services.opportunities.exchanges.convert import facts
from services.opportunities.exchanges.models import Exchange, State
from services.opportunities.exchanges.parties import Party
from services.opportunities.interests.models import Interest
from services.opportunities.notices import queries as notices
from services.opportunities.partner_records.told import Told, unknown


def own_interest(session: Session, region: str, name: str) -> Interest:
    """An interest of ours in a notice of that region, locked after its notice."""
    notice_id, interest_id = parse(name, "notices/*/interests/*", field="record")
    notice = notices.lock(session, notice_id)
    found = session.get(Interest, interest_id, with_for_update={"of": Interest})
    if notice is None or found is None or found.notice_id != notice_id:
        raise unknown("interest")
    if found.notice_region != region:
        raise unknown("interest")
    return found


def exchange_id(region: str, name: str) -> UUID:
    """The id here of a partner's exchange."""
    parse_name("exchanges", name, field="record")
    return foreign_id(region, name)


def require_only(session: Session, interest: Interest, exchange_id: UUID) -> None:
    """Refuse a second exchange of one interest."""
    statement = select(Exchange.id).where(Exchange.interest_id == interest.id)
    if session.scalar(statement) not in (None, exchange_id):
        raise unknown("exchange")


def drop_lost(session: Session, interest: Interest, *, at: datetime) -> None:
    """Let go of our copy of an exchange that its region does not speak of any more: it has another, or none."""
    lost = session.scalar(select(Exchange).where(Exchange.interest_id == interest.id))
    if lost is None or lost.id == interest.exchange_id:
        return
    if lost.is_open:
        lost.follow({"state": State.ENDED_EARLY}, version=lost.origin_version, at=at)
        publish(session, events.ExchangeEndedEarly(exchange=facts(lost, actor="")))
    session.delete(lost)
    session.flush()


def new_exchange(
    interest: Interest, host: Party, visitor: Party, *, name: str, told: Told
) -> Exchange:
    """A copy, until told more with the terms of the notice."""
    exchange = Exchange.propose(interest.notice, interest.id, host, visitor, at=told.at)
    exchange.become_copy(exchange_id(told.region, name), region=told.region, origin_exchange=name)
    return exchange
