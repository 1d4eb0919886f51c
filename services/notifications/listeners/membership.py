"""What is told of organisations, managers, operators and members; the copies of who is who are kept on the way."""

from __future__ import annotations

from interchange.identity.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from services.notifications.audience import records
from services.notifications.audience.queries import (
    display_name,
    managers,
    managers_or_operators,
    operators,
)
from services.notifications.inbox.settling import settle
from services.notifications.inbox.telling import tell


def on_registered(session: Session, event: events.OrganisationRegistered) -> None:
    registered = event.organisation
    records.keep_organisation(session, registered)
    tell(
        session,
        "organisation-registered",
        operators(session),
        about=registered.name,
        organisation=registered.display_name,
    )


def on_verified(session: Session, event: events.OrganisationVerified) -> None:
    verified = event.organisation
    records.keep_organisation(session, verified)
    settle(session, verified.name, "organisation-registered")
    tell(
        session,
        "organisation-verified",
        managers(session, verified.name),
        about=verified.name,
        organisation=verified.display_name,
    )


def on_revised(session: Session, event: events.OrganisationRevised) -> None:
    records.keep_organisation(session, event.organisation)


def on_appointed(session: Session, event: events.ManagerAppointed) -> None:
    records.keep_manager(session, event)
    settle(session, event.organisation, "manager-stepped-down")
    name = display_name(session, event.organisation)
    tell(session, "manager-appointed", [event.person], about=event.manager, organisation=name)


def on_committed(session: Session, event: events.ManagerCommitted) -> None:
    settle(session, event.manager, "manager-appointed")


def on_coordinator(session: Session, event: events.CoordinatorAppointed) -> None:
    tell(session, "coordinator-appointed", [event.person], about="cohorts")


def on_coordinator_dismissed(session: Session, event: events.CoordinatorDismissed) -> None:
    tell(session, "coordinator-dismissed", [event.person], about="cohorts")


def on_stepped_down(session: Session, event: events.ManagerSteppedDown) -> None:
    records.end_manager(session, event)
    settle(session, event.manager, "manager-appointed")
    name, about = display_name(session, event.organisation), event.organisation
    tell(session, "manager-succeeds", [event.successor], about=about, organisation=name)
    template = "manager-replaced" if event.successor else "manager-stepped-down"
    tell(session, template, operators(session), about=about, organisation=name)


def on_operator(session: Session, event: events.OperatorAppointed) -> None:
    records.keep_operator(session, event.person)
    tell(session, "operator-appointed", [event.person], about=event.person)


def on_requested(session: Session, event: events.MembershipRequested) -> None:
    """Whoever asks elsewhere now, has taken back what they asked before."""
    settle(session, event.person, "membership-requested")
    deciding = managers_or_operators(session, event.organisation)
    name = display_name(session, event.organisation)
    tell(session, "membership-requested", deciding, about=event.person, organisation=name)


def on_joined(session: Session, event: events.PersonJoined) -> None:
    settle(session, event.person, "membership-requested")
    name = display_name(session, event.organisation)
    tell(session, "person-joined", [event.person], about=event.person, organisation=name)


def on_moved(session: Session, event: events.PersonEmployerChanged) -> None:
    settle(session, event.person, "membership-requested")
    tell(
        session,
        "employer-changed",
        [event.person],
        about=event.person,
        organisation=display_name(session, event.organisation),
        former_organisation=display_name(session, event.former_organisation),
    )
