"""Appointments as everybody sees them."""

from __future__ import annotations

from interchange.identity.v1 import organisations_pb2 as pb

from chassis import convert
from chassis.timestamps import to_proto as stamp
from services.identity.managers.models import Manager


def to_proto(manager: Manager) -> pb.Manager:
    organisation, person = manager.organisation, manager.person
    return pb.Manager(
        name=manager.name,
        person=person.name,
        organisation=organisation.name,
        organisation_display_name=organisation.display_name,
        display_name=person.display_name,
        contact_email=manager.public_email,
        sector=convert.number(organisation.sector),
        appoint_time=stamp(manager.appoint_time),
        commit_time=convert.moment(manager.commit_time),
        step_down_time=convert.moment(manager.step_down_time),
    )
