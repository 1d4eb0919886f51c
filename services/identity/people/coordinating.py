"""Who coordinates programmes: coming into the role and leaving it, with what is announced and recorded."""

from __future__ import annotations

from datetime import datetime

from interchange.identity.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from chassis.auth import Principal
from chassis.bus import publish
from services.identity.audit import log
from services.identity.people.models import Person
from services.identity.sessions.ending import Endings


def appoint(
    session: Session, endings: Endings, person: Person, *, by: Principal, at: datetime
) -> None:
    """What they may do is new: their tokens are made anew."""
    person.appoint_coordinator()
    endings.renew(session, person.id, at=at)
    publish(session, events.CoordinatorAppointed(person=person.name))
    log.append(session, by, "coordinator.appoint", person.name, at=at)


def dismiss(
    session: Session, endings: Endings, person: Person, *, by: Principal, at: datetime
) -> None:
    person.dismiss_coordinator()
    endings.renew(session, person.id, at=at)
    publish(session, events.CoordinatorDismissed(person=person.name))
    log.append(session, by, "coordinator.dismiss", person.name, at=at)
