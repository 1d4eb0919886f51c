"""Announcing what a partner region must be told, in the transaction that made it so. Federation asks for the words."""

from __future__ import annotations

from datetime import datetime

from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from chassis.bus import publish
from services.opportunities.exchanges.actions import ExchangeAction
from services.opportunities.exchanges.models import Exchange
from services.opportunities.interests.models import Interest


def interest(session: Session, interest: Interest, *, at: datetime) -> None:
    """After any change: let the other region know of the interest or of the decision, or let it forget."""
    if interest.region:
        due(session, interest.region, interest.name)
    elif interest.notice_region:
        _own(session, interest, at)


def _own(session: Session, interest: Interest, at: datetime) -> None:
    if interest.may_travel(at=at):
        interest.is_told = True
        due(session, interest.notice_region, interest.name)
    elif interest.is_told:  # taken back, or no longer consented to
        interest.is_told = False
        erased(session, interest.notice_region, interest.name)


def exchange(session: Session, exchange: Exchange) -> None:
    """After any change of an exchange that lives here: let who follows it know."""
    if exchange.follower:
        due(session, exchange.follower, exchange.name)


def action(session: Session, exchange: Exchange, action: ExchangeAction) -> None:
    """Something was done here to an exchange that lives elsewhere."""
    due(session, exchange.region, f"{exchange.name}/actions/{action.id}")


def due(session: Session, region: str, record: str) -> None:
    publish(session, events.PartnerRecordDue(region=region, record=record))


def erased(session: Session, region: str, record: str) -> None:
    publish(session, events.PartnerRecordErased(region=region, record=record))
