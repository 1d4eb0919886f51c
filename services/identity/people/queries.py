"""People whom a caller may see, change or approve, and those that a listing shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from interchange.identity.v1 import people_pb2 as pb
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from chassis.auth import Principal, principal
from chassis.errors import InvalidArgument, NotFound, PermissionDenied
from chassis.etags import check
from chassis.names import parse_name
from services.identity.organisations.models import Organisation
from services.identity.people.models import Person, State
from services.identity.policy import (
    is_person,
    manages,
    may_approve_person,
    may_edit_person,
    may_export_person,
    may_see_person,
)

Rule = Callable[[Principal, Person], bool]


def load(session: Session, name: str) -> Person:
    """A person whom the caller may see; to others it is as if they were not there."""
    found = session.get(Person, parse_name("people", name))
    return _visible(found, name)


def load_for_edit(session: Session, name: str, etag: str = "") -> Person:
    """A person whose record the caller may change and nobody else changes meanwhile."""
    return _lock_for(session, name, may_edit_person, "is for their own managers to change", etag)


def load_for_approval(session: Session, name: str) -> Person:
    return _lock_for(session, name, may_approve_person, "is for the managers they go to to approve")


def load_for_export(session: Session, name: str, etag: str = "") -> Person:
    """A person for what only they and operators may do: export and erase."""
    return _lock_for(session, name, may_export_person, "is for the person themself", etag)


def load_for_move(session: Session, name: str, organisation: str) -> Person:
    """A person who moves: on their own word, or on that of a manager of where they go to."""
    found = _lock(session, parse_name("people", name))
    who = principal()
    if found is None or not (is_person(who, found) or manages(who, organisation)):
        raise no_such_person(name)
    return found


def lock_named(session: Session, name: str, *, field: str = "name") -> Person | None:
    """A person whoever asks, kept as they are until the transaction ends."""
    return _lock(session, parse_name("people", name, field=field))


def lock_known(session: Session, name: str) -> Person:
    """As `lock_named`, for callers who may know who is there: programs and operators."""
    found = lock_named(session, name)
    if found is None:
        raise no_such_person(name)
    return found


def find_by_email(session: Session, email: str) -> Person | None:
    return session.scalars(select(Person).where(Person.email == email)).one_or_none()


def no_such_person(name: str) -> NotFound:
    return NotFound("NO_SUCH_PERSON", f"{name} does not exist, or you may not see them")


def listing(who: Principal, request: pb.ListPeopleRequest) -> Select[Person]:
    """What ListPeople pages through; also who has asked to move to one of the organisations."""
    statement = select(Person)
    organisations = _organisations(who, request.organisation)
    if organisations is not None:
        asked = Person.requested_organisation_id.in_(organisations)
        statement = statement.where(or_(Person.organisation_id.in_(organisations), asked))
    if request.coordinator:
        statement = statement.where(Person.is_coordinator)
    if request.state:
        statement = statement.where(Person.state == State(request.state))
    return statement


def _organisations(who: Principal, wanted: str) -> Sequence[UUID] | None:
    """Those whose people are meant; None for all."""
    if wanted:
        identifier = parse_name("organisations", wanted, field="organisation")
        if not manages(who, wanted):
            raise PermissionDenied("NOT_ITS_MANAGER", f"you don't manage {wanted}")
        return [identifier]
    if who.is_operator:
        return None
    return [parse_name("organisations", each) for each in who.manages]


def with_organisation(session: Session, people: Sequence[UUID]) -> Sequence[tuple[Person, str]]:
    """People and the display names of their organisations."""
    statement = (
        select(Person, Organisation.display_name)
        .outerjoin(Organisation, Organisation.id == Person.organisation_id)
        .where(Person.id.in_(people))
    )
    return [(person, name or "") for person, name in session.execute(statement)]


def known_ids(names: Sequence[str]) -> Sequence[UUID]:
    """The ids in those that are names of people; anything else names nobody."""
    return [found for name in names if (found := _id_in(name))]


def _id_in(name: str) -> UUID | None:
    try:
        return parse_name("people", name)
    except InvalidArgument:
        return None


def _lock_for(session: Session, name: str, rule: Rule, why_not: str, etag: str = "") -> Person:
    found = _visible(_lock(session, parse_name("people", name)), name)
    if not rule(principal(), found):
        raise PermissionDenied("MAY_NOT_EDIT", f"{name} {why_not}")
    check(etag, found.version)
    return found


def _visible(found: Person | None, name: str) -> Person:
    if found is None or not may_see_person(principal(), found):
        raise no_such_person(name)
    return found


def _lock(session: Session, identifier: UUID) -> Person | None:
    statement = select(Person).where(Person.id == identifier).with_for_update()
    return session.scalars(statement).one_or_none()
