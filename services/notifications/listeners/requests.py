"""What people and their managers are told of requests."""

from __future__ import annotations

from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from services.notifications.audience.queries import display_name, managers_or_operators
from services.notifications.inbox.settling import settle
from services.notifications.inbox.telling import tell


def on_made(session: Session, event: events.RequestMade) -> None:
    _tell_managers(session, "request-made", event.request)


def on_answered(session: Session, event: events.RequestAnswered) -> None:
    facts = event.request
    settle(session, facts.request, "request-made")
    tell(session, "request-answered", [facts.person], about=facts.request)


def on_declined(session: Session, event: events.RequestDeclined) -> None:
    facts = event.request
    settle(session, facts.request, "request-made")
    tell(session, "request-declined", [facts.person], about=facts.request)


def on_withdrawn(session: Session, event: events.RequestWithdrawn) -> None:
    settle(session, event.request.request, "request-made")
    _tell_managers(session, "request-withdrawn", event.request)


def _tell_managers(session: Session, template: str, facts: events.RequestFacts) -> None:
    asked = managers_or_operators(session, facts.organisation)
    others = [person for person in asked if person != facts.person]
    name = display_name(session, facts.organisation)
    tell(session, template, others, about=facts.request, organisation=name)
