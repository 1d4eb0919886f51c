"""Appointments: the one that a caller may change, those in office, and what somebody manages."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from interchange.identity.v1 import organisations_pb2 as pb
from sqlalchemy import Select, distinct, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from chassis.auth import principal
from chassis.errors import NotFound, PermissionDenied
from chassis.names import parse, parse_name
from services.identity import naming
from services.identity.folding import folded
from services.identity.managers.models import Manager
from services.identity.organisations.models import Organisation
from services.identity.organisations.models import State as OrganisationState
from services.identity.people.models import Person
from services.identity.people.models import State as PersonState
from services.identity.policy import may_hold_office

PATTERN = "organisations/*/managers/*"
IN_OFFICE = Manager.step_down_time.is_(None)


def load_for_office(session: Session, name: str) -> Manager:
    """An appointment that the caller holds, or an operator for them, kept as it is meanwhile.

    Those in office are public. Others may not learn who was in office before.
    """
    organisation, identifier = parse(name, PATTERN)
    lock_offices(session, [organisation])
    found = session.scalars(
        select(Manager)
        .where(Manager.id == identifier, Manager.organisation_id == organisation)
        .with_for_update(of=Manager)
    ).one_or_none()
    is_theirs = found is not None and may_hold_office(principal(), found.person)
    if found is None or (found.step_down_time and not is_theirs):
        raise NotFound("NO_SUCH_MANAGER", f"{name} does not exist, or is not in office")
    if not is_theirs:
        raise PermissionDenied("NOT_THIS_MANAGER", "this is for the manager themself to do")
    return found


def listing(request: pb.ListManagersRequest) -> Select[Manager]:
    """What ListManagers pages through: those in office."""
    statement = (
        select(Manager)
        .join(Manager.organisation)
        .join(Manager.person)
        .options(contains_eager(Manager.organisation), contains_eager(Manager.person))
        .where(IN_OFFICE)
    )
    if request.parent:
        organisation = parse_name("organisations", request.parent, field="parent")
        statement = statement.where(Manager.organisation_id == organisation)
    if request.query:
        wanted = folded(request.query.strip())
        columns = Organisation.search_name, Person.search_name
        statement = statement.where(or_(*(c.contains(wanted, autoescape=True) for c in columns)))
    return statement


def in_office_at(session: Session, organisation: UUID) -> Sequence[Manager]:
    """Who manages an organisation, the longest-serving first, kept in office meanwhile."""
    statement = select(Manager).where(IN_OFFICE, Manager.organisation_id == organisation)
    in_order = statement.order_by(Manager.appoint_time, Manager.id)
    return session.scalars(in_order.with_for_update(of=Manager)).all()


def offices_of(session: Session, person: UUID) -> Sequence[Manager]:
    """What a person holds now, kept as it is meanwhile."""
    theirs = IN_OFFICE, Manager.person_id == person
    lock_offices(session, session.scalars(select(Manager.organisation_id).where(*theirs)).all())
    in_order = select(Manager).where(*theirs).order_by(Manager.id)
    return session.scalars(in_order.with_for_update(of=Manager)).all()


def lock_offices(session: Session, organisations: Sequence[UUID]) -> None:
    """One at a time changes who is in office: two who step down would each wait for the other's row."""
    statement = select(Organisation.id).where(Organisation.id.in_(organisations))
    # Members may join meanwhile: what refers to an organisation does not wait for this lock.
    in_order = statement.order_by(Organisation.id).with_for_update(key_share=True)
    session.execute(in_order).all()


def appointments_of(session: Session, person: UUID) -> Sequence[Manager]:
    """What a person holds and has held, oldest first."""
    statement = select(Manager).where(Manager.person_id == person)
    return session.scalars(statement.order_by(Manager.appoint_time, Manager.id)).all()


def managed_by(session: Session, person: UUID) -> frozenset[str]:
    """The organisations that a person manages, by name."""
    statement = select(Manager.organisation_id).where(IN_OFFICE, Manager.person_id == person)
    return frozenset(map(naming.organisation_name, session.scalars(statement)))


def figures(session: Session) -> pb.MembershipFigures:
    """How far the scheme reaches, in one statement."""
    committed = (
        select(func.count(distinct(Manager.organisation_id)))
        .join(Organisation, Organisation.id == Manager.organisation_id)
        .where(IN_OFFICE, Manager.commit_time.is_not(None))
        .where(Organisation.state == OrganisationState.VERIFIED)
    )
    verified = select(func.count()).where(Organisation.state == OrganisationState.VERIFIED)
    managers = select(func.count()).select_from(Manager).where(IN_OFFICE)
    # Operators who belong to no organisation run the scheme; they don't take part in it.
    active = select(func.count()).where(
        Person.state == PersonState.ACTIVE, Person.organisation_id.is_not(None)
    )
    counts = [each.scalar_subquery() for each in (verified, committed, managers, active)]
    found = session.execute(select(*counts)).one()
    return pb.MembershipFigures(
        organisations=found[0],
        organisations_with_committed_manager=found[1],
        managers=found[2],
        participants=found[3],
    )
