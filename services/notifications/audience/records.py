"""Keeping the copies: each word of identity's may come twice, late, or in the wrong order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from interchange.identity.v1 import events_pb2 as identity
from interchange.identity.v1.organisations_pb2 import Organisation as Announced
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from services.notifications.audience.models import Erased, Manager, Operator, Organisation
from services.notifications.audience.queries import fingerprint, living


def keep_organisation(session: Session, announced: Announced) -> None:
    """Take a newer state over."""
    values = {"display_name": announced.display_name, "version": announced.version}
    statement = upsert(Organisation).values(name=announced.name, **values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Organisation.name],
            set_=values,
            where=Organisation.version < announced.version,
        )
    )


def keep_manager(session: Session, event: identity.ManagerAppointed) -> None:
    """In office, unless the end of the appointment was heard of first."""
    if living(session, [event.person]):
        statement = upsert(Manager).values(**_appointment(event), is_in_office=True)
        session.execute(statement.on_conflict_do_nothing())


def end_manager(session: Session, event: identity.ManagerSteppedDown) -> None:
    if living(session, [event.person]):
        statement = upsert(Manager).values(**_appointment(event), is_in_office=False)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[Manager.appointment], set_={"is_in_office": False}
            )
        )


def keep_operator(session: Session, person: str) -> None:
    if living(session, [person]):
        session.execute(upsert(Operator).values(person=person).on_conflict_do_nothing())


def forget(session: Session, person: str, *, at: datetime) -> None:
    """Nothing here names the person any more, and nothing will."""
    session.execute(delete(Manager).where(Manager.person == person))
    session.execute(delete(Operator).where(Operator.person == person))
    mark = upsert(Erased).values(fingerprint=fingerprint(person), at=at)
    session.execute(mark.on_conflict_do_nothing())


def _appointment(
    event: identity.ManagerAppointed | identity.ManagerSteppedDown,
) -> dict[str, Any]:
    return {
        "appointment": event.manager,
        "organisation": event.organisation,
        "person": event.person,
    }
