"""Organisations that a caller may change, those that a listing shows, and whose an identifier is."""

from __future__ import annotations

from interchange.identity.v1 import organisations_pb2 as pb
from sqlalchemy import ColumnElement, Select, delete, func, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from chassis.auth import Principal, principal
from chassis.errors import AlreadyExists, InvalidArgument, NotFound, PermissionDenied
from chassis.etags import check
from chassis.names import parse_name
from services.identity.folding import folded
from services.identity.organisations.models import (
    Kind,
    ListedIdentifier,
    Organisation,
    Sector,
    State,
)
from services.identity.policy import manages, sees_unverified

MOST_STEPS = 5  # of organisations that belong to one another


def load(session: Session, name: str) -> Organisation:
    """Any organisation: they are public."""
    found = session.get(Organisation, parse_name("organisations", name))
    if found is None:
        raise no_such_organisation(name)
    return found


def load_for_edit(session: Session, name: str, etag: str = "") -> Organisation:
    """An organisation that the caller may change and nobody else changes meanwhile."""
    found = _lock(session, name)
    if not manages(principal(), found.name):
        raise PermissionDenied("MAY_NOT_EDIT", f"{name} is for its own managers to change")
    check(etag, found.version)
    return found


def load_for_operator(session: Session, name: str, etag: str = "") -> Organisation:
    """An organisation for an act that is the operators' own."""
    found = _lock(session, name)
    check(etag, found.version)
    return found


def require(session: Session, name: str, *, field: str) -> Organisation:
    """The organisation that a field names; InvalidArgument NO_SUCH_ORGANISATION when there is none."""
    found = session.get(Organisation, parse_name("organisations", name, field=field))
    if found is None:
        raise InvalidArgument(
            "NO_SUCH_ORGANISATION", "must name an organisation of this region", field=field
        )
    return found


def no_such_organisation(name: str) -> NotFound:
    return NotFound("NO_SUCH_ORGANISATION", f"{name} does not exist")


def listing(who: Principal, request: pb.ListOrganisationsRequest) -> Select[Organisation]:
    """What ListOrganisations pages through."""
    statement = select(Organisation).where(_in_state(who, request))
    if request.kind:
        statement = statement.where(Organisation.kind == Kind(request.kind))
    if request.sector:
        statement = statement.where(Organisation.sector == Sector(request.sector))
    if request.query:
        wanted = folded(request.query.strip())
        statement = statement.where(Organisation.search_name.contains(wanted, autoescape=True))
    return statement


def _in_state(who: Principal, request: pb.ListOrganisationsRequest) -> ColumnElement[bool]:
    if not sees_unverified(who):
        return Organisation.state == State.VERIFIED
    if request.state:
        return Organisation.state == State(request.state)
    return Organisation.state.in_(State)


def claim_identifiers(session: Session, organisation: Organisation) -> None:
    """Note whose its identifiers are; AlreadyExists IDENTIFIER_TAKEN when one is another's."""
    _refuse_taken(session, organisation)
    listed = ListedIdentifier.organisation_id
    session.execute(delete(ListedIdentifier).where(listed == organisation.id))
    session.add_all(
        ListedIdentifier(scheme=each.scheme, key=each.key, organisation_id=organisation.id)
        for each in organisation.identifiers
    )
    try:
        session.flush()
    except IntegrityError as problem:  # somebody else registered it at this moment
        raise _taken() from problem


def require_parent(session: Session, organisation: Organisation) -> None:
    """Refuse a parent that there is not, and one that belongs to this organisation itself."""
    above, steps = organisation.parent, 0
    while above:
        steps += 1
        if above == organisation.name or steps > MOST_STEPS:
            raise InvalidArgument(
                "PARENT_IN_CIRCLE",
                f"must not belong to this organisation, nor stand under more than {MOST_STEPS} others",
                field="organisation.parent",
            )
        above = require(session, above, field="organisation.parent").parent


def _refuse_taken(session: Session, organisation: Organisation) -> None:
    wanted = [(each.scheme, each.key) for each in organisation.identifiers]
    if not wanted:
        return
    taken = select(func.count()).where(
        tuple_(ListedIdentifier.scheme, ListedIdentifier.key).in_(wanted),
        ListedIdentifier.organisation_id != organisation.id,
    )
    if session.scalar(taken):
        raise _taken()


def _taken() -> AlreadyExists:
    return AlreadyExists(
        "IDENTIFIER_TAKEN",
        "another organisation is registered with one of them",
        field="organisation.identifiers",
    )


def _lock(session: Session, name: str) -> Organisation:
    identifier = parse_name("organisations", name)
    statement = select(Organisation).where(Organisation.id == identifier).with_for_update()
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise no_such_organisation(name)
    return found
