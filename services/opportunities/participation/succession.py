"""When managers come and go: what they answer for stays with the organisation."""

from __future__ import annotations

from interchange.identity.v1 import events_pb2 as identity
from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from chassis.bus import publish
from chassis.clock import now
from services.opportunities.exchanges.models import Exchange, Signatory
from services.opportunities.exchanges.models import State as ExchangeState
from services.opportunities.exchanges.parties import Role
from services.opportunities.interests.models import OPEN, Interest
from services.opportunities.notices.convert import to_public
from services.opportunities.notices.kinds import State
from services.opportunities.notices.models import Notice
from services.opportunities.partner_records import telling

NOBODY = ""


def on_manager_stepped_down(session: Session, event: identity.ManagerSteppedDown) -> None:
    """All that is open goes to the successor, or to nobody until a manager is appointed."""
    hand_over(session, event.organisation, event.person, event.successor)


def on_manager_appointed(session: Session, event: identity.ManagerAppointed) -> None:
    """Who is appointed adopts what nobody answers for."""
    hand_over(session, event.organisation, NOBODY, event.person)


def hand_over(session: Session, organisation: str, before: str, after: str) -> None:
    """Let `after` answer for what `before` answered for at this organisation."""
    if before == after:
        return
    _notices(session, organisation, before, after)
    _interests(session, organisation, before, after)
    _exchanges(session, organisation, before, after)


def _notices(session: Session, organisation: str, before: str, after: str) -> None:
    statement = (
        select(Notice)
        .where(Notice.organisation == organisation, Notice.manager == before)
        .where(Notice.state != State.CLOSED)
        .order_by(Notice.id)
        .with_for_update(of=Notice)
    )
    for notice in session.scalars(statement).all():
        notice.assign(after, at=now())
        publish(session, events.NoticeReassigned(notice=to_public(notice), manager=after))


def _interests(session: Session, organisation: str, before: str, after: str) -> None:
    statement = (
        select(Interest)
        .where(Interest.organisation == organisation, Interest.manager == before)
        .where(Interest.state.in_(OPEN))
        .order_by(Interest.id)
        .with_for_update(of=Interest)
    )
    for interest in session.scalars(statement).all():
        interest.assign(after)
        telling.interest(session, interest, at=now())


def _exchanges(session: Session, organisation: str, before: str, after: str) -> None:
    host, visitor = Exchange.host_organisation, Exchange.visiting_organisation
    signs = select(Signatory.exchange_id).where(Signatory.person == before)
    statement = (
        select(Exchange)
        .where(or_(host == organisation, visitor == organisation), Exchange.id.in_(signs))
        .where(Exchange.state == ExchangeState.PROPOSED, Exchange.region == "")
        .order_by(Exchange.id)
        .with_for_update(of=Exchange)
    )
    for exchange in session.scalars(statement).all():
        hosts = exchange.host_organisation == organisation
        role = Role.HOST_MANAGER if hosts else Role.VISITING_MANAGER
        exchange.hand_over(role, before, after, at=now())
        telling.exchange(session, exchange)
