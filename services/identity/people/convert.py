"""Between people and their messages: the whole record, how to reach them, and what callers write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime

from interchange.identity.v1 import people_pb2 as pb

from chassis import convert
from chassis.errors import InvalidArgument
from chassis.etags import etag
from chassis.timestamps import to_proto as stamp
from services.identity.people.models import GradeBand, Person, Skill, normalised


def to_proto(person: Person) -> pb.Person:
    """The record; whoever may see a person sees all of it."""
    return pb.Person(
        name=person.name,
        display_name=person.display_name,
        email=person.email,
        organisation=person.organisation,
        job_title=person.job_title,
        grade_band=convert.number(person.grade_band),
        skills=map(_skill, person.skills),
        commissioner=person.commissioner,
        vetting_held=convert.number(person.vetting_held),
        coordinator=person.is_coordinator,
        language=person.language,
        state=convert.number(person.state),
        email_confirm_time=convert.moment(person.email_confirm_time),
        employments=_employments(person),
        requested_organisation=person.requested_organisation,
        create_time=stamp(person.create_time),
        etag=etag(person.version),
    )


def to_contact(person: Person, organisation_display_name: str) -> pb.Contact:
    return pb.Contact(
        person=person.name,
        display_name=person.display_name,
        email=person.email,
        job_title=person.job_title,
        organisation=person.membership,
        organisation_display_name=organisation_display_name if person.membership else "",
        language=person.language or "en",
        email_confirmed=person.is_confirmed,
    )


def _skill(skill: Skill) -> pb.PersonSkill:
    stance = convert.number(skill.stance)
    return pb.PersonSkill(skill=skill.skill, level=skill.level, stance=stance)


def _employments(person: Person) -> Iterator[pb.Employment]:
    for each in person.former_employments:
        yield pb.Employment(
            organisation=each.organisation,
            job_title=each.job_title,
            start_time=stamp(datetime.fromisoformat(each.start)),
            end_time=stamp(datetime.fromisoformat(each.end)),
        )
    if person.membership:
        yield pb.Employment(
            organisation=person.membership,
            job_title=person.job_title,
            start_time=convert.moment(person.start_time),
        )


# From a message to the attribute of the same name.
READERS: dict[str, Callable[[pb.Person], object]] = {
    "display_name": lambda message: message.display_name,
    "email": lambda message: normalised(message.email),
    "job_title": lambda message: message.job_title,
    "grade_band": lambda message: GradeBand(message.grade_band),
    "skills": lambda message: tuple(
        Skill(each.skill, each.level, int(each.stance)) for each in message.skills
    ),
    "commissioner": lambda message: message.commissioner,
    "vetting_held": lambda message: int(message.vetting_held),
    "language": lambda message: message.language,
}
WRITABLE = frozenset(READERS)


def read_content(message: pb.Person, fields: Collection[str] = WRITABLE) -> Mapping[str, object]:
    """Values by attribute, of these fields."""
    return {field: READERS[field](message) for field in fields}


def require_unchanged(person: Person, message: pb.Person) -> None:
    """Refuse what is changed by other calls: silence would look like success."""
    if message.organisation and message.organisation != person.organisation:
        raise InvalidArgument(
            "IMMUTABLE", "can't be changed here: see changeEmployer", field="person.organisation"
        )
    if message.password:
        raise InvalidArgument(
            "IMMUTABLE", "can't be changed here: see changePassword", field="person.password"
        )
