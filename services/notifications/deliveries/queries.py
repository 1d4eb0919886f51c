"""Deliveries as operators list them, and as one person's."""

from __future__ import annotations

from collections.abc import Sequence

from interchange.notifications.v1 import notifications_pb2 as pb
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from chassis.errors import NotFound
from chassis.names import parse_name
from services.notifications.deliveries.models import Delivery, State

NEWEST_FIRST = (Delivery.create_time.desc(), Delivery.id.desc())


def listing(state: pb.Delivery.State.ValueType) -> Select[Delivery]:
    """What ListDeliveries pages through: one state or all."""
    statement = select(Delivery)
    return statement.where(Delivery.state == State(state)) if state else statement


def load_for_retry(session: Session, name: str) -> Delivery:
    """A delivery that nobody else changes meanwhile. The rules let operators only come here."""
    found = session.get(Delivery, parse_name("deliveries", name), with_for_update=True)
    if found is None:
        raise NotFound("NO_SUCH_DELIVERY", f"{name} does not exist")
    return found


def everything(session: Session, person: str) -> Sequence[Delivery]:
    """All mails for a person, oldest first."""
    statement = select(Delivery).where(Delivery.person == person)
    return session.scalars(statement.order_by(Delivery.create_time, Delivery.id)).all()


def forget(session: Session, person: str) -> None:
    session.execute(delete(Delivery).where(Delivery.person == person))
