"""Erasing a person: nothing here names them afterwards but ids in the audit log."""

from __future__ import annotations

from datetime import datetime

from interchange.identity.v1 import events_pb2 as events
from sqlalchemy import delete, func, update
from sqlalchemy.orm import Session

from chassis.auth import Principal
from chassis.bus import publish
from services.identity.audit import log
from services.identity.managers import office
from services.identity.organisations.models import Organisation
from services.identity.people.models import Person
from services.identity.regions.models import Region
from services.identity.sessions import lockout
from services.identity.sessions.ending import Endings


def erase(
    session: Session, endings: Endings, person: Person, *, by: Principal, at: datetime
) -> None:
    """Their offices end first, so that somebody else answers for what is open when all copies go."""
    office.leave_all(session, person, by=by, at=at)
    endings.end(session, person.id, at=at)
    lockout.clear(session, person.email)
    _clear_address(session, person.email)
    session.flush()
    # Credentials, tokens and appointments, past ones too, hang on this row and go with it.
    session.execute(delete(Person).where(Person.id == person.id))
    publish(session, events.PersonErased(person=person.name))
    log.append(session, by, "person.erase", person.name, at=at)


def _clear_address(session: Session, email: str) -> None:
    """Where somebody gave their own address as that of their organisation or of the region."""
    for table in (Organisation, Region):
        is_theirs = func.lower(table.contact_email) == email
        cleared = update(table).where(is_theirs).values(contact_email="", version=table.version + 1)
        session.execute(cleared, execution_options={"synchronize_session": "fetch"})
