"""Changing employer: at once, or asked for and approved; the record moves with the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from interchange.identity.v1 import events_pb2 as events
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from chassis.auth import Principal
from chassis.bus import publish
from services.identity.audit import log
from services.identity.managers import office
from services.identity.naming import organisation_name
from services.identity.people.joining import email_taken
from services.identity.people.models import Person
from services.identity.people.queries import find_by_email
from services.identity.providers import linking
from services.identity.sessions.ending import Endings
from services.identity.sessions.mail_tokens import forget
from services.identity.sessions.queries import password_hash


@dataclass(frozen=True, slots=True)
class Position:
    """Where somebody goes to. No address: they keep theirs."""

    organisation_id: UUID
    job_title: str
    email: str = ""


def ask(session: Session, person: Person, position: Position) -> None:
    """The person asks; a manager of the new organisation approves."""
    if position.email:
        require_free(session, person, position.email)
    person.ask_to_move(position.organisation_id, position.job_title, position.email)
    organisation = organisation_name(position.organisation_id)
    publish(session, events.MembershipRequested(person=person.name, organisation=organisation))


def move(
    session: Session,
    endings: Endings,
    person: Person,
    position: Position,
    *,
    by: Principal,
    at: datetime,
) -> None:
    """Move a person at once. Management of the old organisation ends, and with it tokens that claim it.

    Other tokens live on: that they name the old employer for some minutes opens nothing of weight.
    """
    former, left = person.membership, person.organisation_id
    managed = office.leave_all(session, person, by=by, at=at)
    person.move(position.organisation_id, position.job_title, at=at)
    if left:
        linking.leave(session, person, left)
    if position.email:
        change_email(session, person, position.email)
    _announce(session, person, former)
    if managed:
        endings.renew(session, person.id, at=at)
    log.append(session, by, "person.changeEmployer", person.name, at=at, detail=person.organisation)


def approve(
    session: Session, endings: Endings, person: Person, *, by: Principal, at: datetime
) -> None:
    """Let in who registered, or who has asked to move here."""
    wanted = person.requested_organisation_id
    if wanted:
        position = Position(wanted, person.requested_job_title, person.requested_email)
        return move(session, endings, person, position, by=by, at=at)
    person.approve(at=at)
    _announce(session, person, former="")
    log.record_operator(session, by, "person.approve", person.name, at=at)


def change_email(session: Session, person: Person, email: str) -> None:
    """Another address, which must be confirmed; what was mailed to the old one stops working."""
    require_free(session, person, email)
    try:
        with session.begin_nested():
            changed = person.revise({"email": email})
    except IntegrityError as problem:  # somebody else took it at this moment
        raise email_taken() from problem
    if changed:
        forget(session, person.id)
        ask_to_confirm(session, person)


def ask_to_confirm(session: Session, person: Person) -> None:
    """Mail to the new address: an invitation while the one before has not been accepted."""
    if password_hash(session, person.id):
        publish(session, events.EmailConfirmationRequested(person=person.name))
    else:
        publish(session, events.PersonInvited(person=person.name))


def require_free(session: Session, person: Person, email: str) -> None:
    """AlreadyExists EMAIL_TAKEN when the address is somebody else's."""
    known = find_by_email(session, email)
    if known and known.id != person.id:
        raise email_taken()


def _announce(session: Session, person: Person, former: str) -> None:
    if former:
        event = events.PersonEmployerChanged(
            person=person.name, former_organisation=former, organisation=person.organisation
        )
        return publish(session, event)
    publish(session, events.PersonJoined(person=person.name, organisation=person.organisation))
