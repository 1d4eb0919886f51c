"""Requests that a caller may see, and those that they may decide."""

from __future__ import annotations

from interchange.opportunities.v1 import requests_pb2 as pb
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from chassis.auth import Principal, principal
from chassis.errors import NotFound, PermissionDenied
from chassis.names import parse_name
from services.opportunities.policy import is_person, manages, may_see_request
from services.opportunities.requests.models import Request, State


def load(session: Session, name: str) -> Request:
    """A request that the caller may see; to others it is as if it was not there."""
    found = session.get(Request, parse_name("requests", name))
    return _require_visible(found, name)


def load_for_answer(session: Session, name: str) -> Request:
    """A request to an organisation that the caller manages, that nobody else decides meanwhile."""
    found = _lock(session, name)
    if not manages(principal(), found.organisation):
        raise PermissionDenied("MAY_NOT_DECIDE", f"{name} is for a manager to answer")
    return found


def load_own(session: Session, name: str) -> Request:
    """A request of the caller."""
    found = _lock(session, name)
    if not is_person(principal(), found.person):
        raise PermissionDenied("MAY_NOT_DECIDE", f"{name} is for who asked to take back")
    return found


def listing(who: Principal, request: pb.ListRequestsRequest) -> Select[Request]:
    """One's own, and those to organisations that one manages; operators list all."""
    statement = select(Request)
    if not who.is_operator:
        mine = or_(Request.person == who.person, Request.organisation.in_(who.manages))
        statement = statement.where(mine)
    if request.organisation:
        statement = statement.where(Request.organisation == request.organisation)
    if request.state:
        statement = statement.where(Request.state == State(request.state))
    return statement


def _lock(session: Session, name: str) -> Request:
    found = session.get(Request, parse_name("requests", name), with_for_update=True)
    return _require_visible(found, name)


def _require_visible(found: Request | None, name: str) -> Request:
    if found is None or not may_see_request(principal(), found):
        raise NotFound("NO_SUCH_REQUEST", f"{name} does not exist, or you may not see it")
    return found
