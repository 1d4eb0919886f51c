"""How people come in: they register themselves, a manager or operator adds them, the region gets an operator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from interchange.identity.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from chassis.auth import Principal
from chassis.bus import publish
from chassis.errors import AlreadyExists
from services.identity.audit import log
from services.identity.people.models import Person
from services.identity.people.queries import find_by_email
from services.identity.providers import linking
from services.identity.sessions.queries import password_hash as known_password
from services.identity.sessions.queries import set_password
from services.identity.storing import stored

Content = Mapping[str, object]


def register(
    session: Session,
    content: Content,
    organisation: UUID,
    password_hash: str,
    link_token: str,
    *,
    at: datetime,
) -> Person:
    """Somebody registers themselves. Answers alike when the address is known: then its owner is told.

    They have a password, or a sign-in of their organisation, or both.
    """
    person = Person.register(content, organisation, at=at)
    if not find_by_email(session, person.email) and stored(session, person):
        if password_hash:
            set_password(session, person.id, password_hash)
        if link_token:
            linking.link(session, person, link_token, at=at, field="person.link_token")
        publish(session, events.EmailConfirmationRequested(person=person.name))
        return person
    known = find_by_email(session, person.email)
    if known:
        publish(session, events.RegistrationRepeated(person=known.name))
    return person


def add(
    session: Session, content: Content, organisation: UUID, *, by: Principal, at: datetime
) -> Person:
    """A manager or an operator adds a member, who is invited by mail."""
    person = Person.add(content, organisation, at=at)
    if not stored(session, person):
        raise email_taken()
    publish(session, events.PersonJoined(person=person.name, organisation=person.organisation))
    publish(session, events.PersonInvited(person=person.name))
    log.record_operator(session, by, "person.create", person.name, at=at)
    return person


def confirm(session: Session, person: Person, *, at: datetime) -> None:
    """The address is theirs. Of who registered, the managers are told now: before, it may be anybody's."""
    is_news = person.confirm_email(at=at)
    if is_news and not person.is_member:
        publish(
            session,
            events.MembershipRequested(person=person.name, organisation=person.organisation),
        )


def appoint_operator(
    session: Session, content: Content, password_hash: str, *, by: Principal, at: datetime
) -> Person:
    """Make somebody an operator: who has the address already, or else somebody new.

    A first password counts for who has none yet; the operator's command vouches for the address.
    """
    person = find_by_email(session, str(content["email"])) or _new_operator(session, content, at)
    if password_hash and not known_password(session, person.id):
        set_password(session, person.id, password_hash)
        person.confirm_email(at=at)
    elif not known_password(session, person.id) and not person.is_operator:
        publish(session, events.PersonInvited(person=person.name))
    if not person.is_operator:
        person.appoint_operator()
        publish(session, events.OperatorAppointed(person=person.name))
        log.append(session, by, "operator.appoint", person.name, at=at)
    return person


def email_taken(field: str = "person.email") -> AlreadyExists:
    return AlreadyExists("EMAIL_TAKEN", "somebody in this region has this address", field=field)


def _new_operator(session: Session, content: Content, at: datetime) -> Person:
    """Who belongs to no organisation."""
    person = Person.add(content, None, at=at)
    if not stored(session, person):
        raise email_taken("email")
    return person
