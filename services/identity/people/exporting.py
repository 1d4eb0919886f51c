"""What identity holds on a person, in one message."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp
from interchange.identity.v1 import people_pb2 as pb
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from chassis.auth import Principal
from chassis.timestamps import to_proto as stamp
from services.identity.audit import log
from services.identity.audit.models import Entry
from services.identity.managers.queries import appointments_of
from services.identity.people.convert import to_proto
from services.identity.people.models import Person
from services.identity.providers import linking
from services.identity.second_factors import factors
from services.identity.sessions.queries import sessions_of


def export(session: Session, person: Person, *, by: Principal, at: datetime) -> pb.PersonExport:
    """The export, in which its own entry in the audit log is the last one."""
    log.append(session, by, "person.export", person.name, at=at)
    return pb.PersonExport(
        person=to_proto(person),
        manager_appointments=[each.name for each in appointments_of(session, person.id)],
        sessions=_sessions(session, person),
        audit_entries=_entries(session, person.name),
        export_time=stamp(at),
        second_factor_time=_second_factor_time(session, person),
        linked_identities=_identities(session, person),
    )


def _sessions(session: Session, person: Person) -> Iterator[pb.ExportedSession]:
    for each in sessions_of(session, person.id):
        yield pb.ExportedSession(
            create_time=stamp(each.create_time), refresh_time=stamp(each.refresh_time)
        )


def _second_factor_time(session: Session, person: Person) -> Timestamp | None:
    known = factors.find(session, person.id)
    return stamp(known.confirm_time) if known and known.confirm_time else None


def _identities(session: Session, person: Person) -> Iterator[pb.ExportedIdentity]:
    for each in linking.of(session, person.id):
        yield pb.ExportedIdentity(
            issuer=each.issuer, subject=each.subject, create_time=stamp(each.create_time)
        )


def _entries(session: Session, name: str) -> Iterator[pb.ExportedAuditEntry]:
    statement = select(Entry.action, Entry.create_time).where(
        or_(Entry.actor == name, Entry.subject == name)
    )
    for action, at in session.execute(statement.order_by(Entry.sequence)):
        yield pb.ExportedAuditEntry(action=action, create_time=stamp(at))
