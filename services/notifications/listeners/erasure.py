"""When a person is erased: all that is held on them goes, and nothing that comes late brings them back."""

from __future__ import annotations

from interchange.identity.v1 import events_pb2 as identity
from sqlalchemy.orm import Session

from chassis.clock import now
from services.notifications.audience import records
from services.notifications.deliveries import queries as deliveries
from services.notifications.inbox import queries as inbox
from services.notifications.inbox.settling import settle
from services.notifications.preferences import queries as preferences


def on_person_erased(session: Session, event: identity.PersonErased) -> None:
    person = event.person
    records.forget(session, person, at=now())
    settle(session, person, "membership-requested")
    inbox.forget(session, person)
    preferences.forget(session, person)
    deliveries.forget(session, person)
