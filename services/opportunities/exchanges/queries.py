"""Exchanges that a caller may see, and those that they may change."""

from __future__ import annotations

from interchange.opportunities.v1 import exchanges_pb2 as pb
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from chassis.auth import Principal, principal
from chassis.errors import NotFound, PermissionDenied
from chassis.etags import check
from chassis.names import parse_name
from services.opportunities.exchanges.models import Exchange, Signatory, State
from services.opportunities.policy import manages_exchange, may_see_exchange
from services.opportunities.swaps import queries as swaps


def load(session: Session, name: str) -> Exchange:
    """An exchange that concerns the caller; to others it is as if it was not there."""
    found = session.get(Exchange, parse_name("exchanges", name))
    return _require_visible(found, name)


def load_for_change(session: Session, name: str, etag: str = "") -> Exchange:
    """An exchange that concerns the caller and nobody else changes meanwhile."""
    exchange_id = parse_name("exchanges", name)
    swaps.with_exchange(session, exchange_id)  # first: everybody locks in this order
    statement = select(Exchange).where(Exchange.id == exchange_id)
    found = session.scalars(statement.with_for_update(of=Exchange)).one_or_none()
    exchange = _require_visible(found, name)
    check(etag, exchange.version)
    return exchange


def load_for_managers(session: Session, name: str, etag: str = "") -> Exchange:
    """An exchange of which the caller manages a side."""
    exchange = load_for_change(session, name, etag)
    if not manages_exchange(principal(), exchange):
        raise PermissionDenied("NOT_ITS_MANAGER", f"this step of {name} is for its managers")
    return exchange


def listing(who: Principal, request: pb.ListExchangesRequest) -> Select[Exchange]:
    """Those that concern the caller; operators and programs list all."""
    statement = select(Exchange)
    if not (who.is_operator or who.service):
        signs = select(Signatory.exchange_id).where(Signatory.person == who.person)
        mine = or_(
            Exchange.host_organisation.in_(who.manages),
            Exchange.visiting_organisation.in_(who.manages),
            Exchange.id.in_(signs),
        )
        statement = statement.where(mine)
    if request.organisation:
        host, visitor = Exchange.host_organisation, Exchange.visiting_organisation
        statement = statement.where(
            or_(host == request.organisation, visitor == request.organisation)
        )
    if request.state:
        statement = statement.where(Exchange.state == State(request.state))
    return statement


def _require_visible(found: Exchange | None, name: str) -> Exchange:
    if found is None or not may_see_exchange(principal(), found):
        raise NotFound("NO_SUCH_EXCHANGE", f"{name} does not exist, or you may not see it")
    return found
