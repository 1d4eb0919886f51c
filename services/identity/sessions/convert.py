"""Sessions, lockouts and who is signed in as messages."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from interchange.identity.v1 import sessions_pb2 as pb

from chassis.names import format_name
from chassis.timestamps import to_proto as stamp
from services.identity.naming import person_name
from services.identity.people.models import Person
from services.identity.sessions.models import Failures, OpenSession
from services.identity.sessions.opening import Rights


def session_to_proto(opened: OpenSession, *, current: UUID | None) -> pb.OpenSession:
    return pb.OpenSession(
        name=format_name("sessions", opened.id),
        person=person_name(opened.person_id),
        create_time=stamp(opened.create_time),
        refresh_time=stamp(opened.refresh_time),
        expire_time=stamp(opened.expire_time),
        current=opened.id == current,
        has_second_factor=opened.has_second_factor,
    )


def lockout_to_proto(locked: Failures) -> pb.Lockout:
    return pb.Lockout(
        person=person_name(locked.person_id) if locked.person_id else "",
        lock_time=stamp(locked.lock_time) if locked.lock_time else None,
        end_time=stamp(locked.locked_until) if locked.locked_until else None,
    )


def me_to_proto(
    person: Person,
    organisation_display_name: str,
    rights: Rights,
    managed: Sequence[tuple[str, str]],
) -> pb.Me:
    return pb.Me(
        name=person.name,
        display_name=person.display_name,
        email=person.email,
        organisation=person.membership,
        organisation_display_name=organisation_display_name if person.membership else "",
        manages=sorted(rights.manages),
        roles=sorted(rights.roles),
        language=person.language or "en",
        second_factor=rights.second_factor,
        managed_organisations=[
            pb.ManagedOrganisation(name=name, display_name=display_name)
            for name, display_name in managed
        ],
    )
