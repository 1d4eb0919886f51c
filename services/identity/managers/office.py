"""Coming into office and leaving it, with what is announced and recorded."""

from __future__ import annotations

from datetime import datetime

from interchange.identity.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from chassis.auth import Principal
from chassis.bus import publish
from chassis.errors import AlreadyExists, FailedPrecondition, InvalidArgument
from chassis.names import parse_name
from services.identity.audit import log
from services.identity.managers.models import Manager
from services.identity.managers.queries import in_office_at, offices_of
from services.identity.organisations.models import Organisation
from services.identity.people.models import Person
from services.identity.storing import stored


def appoint(
    session: Session,
    organisation: Organisation,
    person: Person | None,
    *,
    contact_email: str,
    by: Principal,
    at: datetime,
) -> Manager:
    """Appoint a member, of this organisation or of another: some share their staff."""
    if person is None or not person.membership:
        raise FailedPrecondition(
            "NOT_A_MEMBER", "must name a member of an organisation of this region", field="person"
        )
    manager = Manager(
        organisation=organisation, person=person, contact_email=contact_email, appoint_time=at
    )
    if not stored(session, manager):
        raise AlreadyExists(
            "ALREADY_MANAGER", f"{person.name} manages {organisation.name} already", field="person"
        )
    publish(session, events.ManagerAppointed(**_names(manager)))
    log.append(session, by, "manager.appoint", manager.name, at=at, detail=person.name)
    return manager


def commit(session: Session, manager: Manager, *, by: Principal, at: datetime) -> None:
    manager.commit(at=at)
    publish(session, events.ManagerCommitted(**_names(manager)))
    log.record_operator(session, by, "manager.commit", manager.name, at=at)


def step_down(
    session: Session, manager: Manager, successor: str, *, by: Principal, at: datetime
) -> None:
    """End an appointment. What they answered for goes to the successor, or to the next in office."""
    heir = _heir(session, manager, successor)
    manager.step_down(at=at)
    publish(session, events.ManagerSteppedDown(**_names(manager), successor=heir))
    log.append(session, by, "manager.stepDown", manager.name, at=at, detail=heir)


def leave_all(session: Session, person: Person, *, by: Principal, at: datetime) -> bool:
    """End what a person holds, as they leave their organisation; whether they held anything."""
    held = offices_of(session, person.id)
    for manager in held:
        step_down(session, manager, "", by=by, at=at)
    return bool(held)


def _heir(session: Session, manager: Manager, successor: str) -> str:
    others = [
        each.person.name
        for each in in_office_at(session, manager.organisation_id)
        if each.id != manager.id
    ]
    if not successor:
        return others[0] if others else ""
    parse_name("people", successor, field="successor")
    if successor not in others:
        raise InvalidArgument(
            "NOT_ANOTHER_MANAGER",
            "must name another manager of the same organisation",
            field="successor",
        )
    return successor


def _names(manager: Manager) -> dict[str, str]:
    return {
        "manager": manager.name,
        "organisation": manager.organisation.name,
        "person": manager.person.name,
    }
