"""Erasing what a partner told us: the people, their consent, their words. That something was stays, without them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from chassis.bus import publish
from chassis.names import parse, parse_name
from services.opportunities.exchanges.models import Exchange
from services.opportunities.interests.convert import facts
from services.opportunities.interests.models import Interest
from services.opportunities.interests.queries import PATTERN
from services.opportunities.notices import queries as notices
from services.opportunities.partner_records import people
from services.opportunities.partners import positions

REASON = "Their region has taken it back."


def forget(session: Session, region: str, record: str, *, at: datetime) -> None:
    """Twice is once, and what never came is forgotten already."""
    people.forget(session, region, record)
    name = positions.local_name(session, region, record)
    forgetter = FORGETTERS.get(_kind(name))
    if forgetter:
        forgetter(session, name, at)


def _kind(name: str) -> str:
    """What a record became: an interest, an exchange, or an action on one."""
    return "actions" if "/actions/" in name else name.partition("/")[0]


def _interest(session: Session, name: str, at: datetime) -> None:
    notice_id, interest_id = parse(name, PATTERN)
    notices.lock(session, notice_id)
    interest = session.get(Interest, interest_id, with_for_update={"of": Interest})
    if interest is None:
        return
    if interest.region:
        _proposal(session, interest, at)
    else:
        interest.decline_reason = ""
    _people_of_exchange(session, Exchange.interest_id == interest.id, at)


def _proposal(session: Session, interest: Interest, at: datetime) -> None:
    was_open = interest.is_open
    interest.forget_partner()
    if was_open:
        interest.withdraw(at=at, reason=REASON)
        publish(session, events.InterestWithdrawn(interest=facts(interest)))


def _exchange(session: Session, name: str, at: datetime) -> None:
    _people_of_exchange(session, Exchange.id == parse_name("exchanges", name), at)


def _action(session: Session, name: str, at: datetime) -> None:
    """What one person did: their feedback, and their name where they signed."""
    exchange_name, _, person = name.partition("/actions/")
    statement = select(Exchange).where(Exchange.id == parse_name("exchanges", exchange_name))
    exchange = session.scalars(statement.with_for_update(of=Exchange)).one_or_none()
    if exchange and person:
        exchange.forget(person, at=at)


def _people_of_exchange(session: Session, which: ColumnElement[bool], at: datetime) -> None:
    statement = select(Exchange).where(which).with_for_update(of=Exchange)
    for exchange in session.scalars(statement).all():
        exchange.forget_partner(at=at)


FORGETTERS: Mapping[str, Callable[[Session, str, datetime], None]] = {
    "notices": _interest,
    "exchanges": _exchange,
    "actions": _action,
}
