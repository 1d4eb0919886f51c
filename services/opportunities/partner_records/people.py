"""Keeping and finding people of partner regions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from interchange.identity.v1.people_pb2 import Contact
from interchange.opportunities.v1 import partner_records_pb2 as pb
from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from chassis.database import Database
from chassis.foreign import clean, foreign_name
from chassis.names import parse_name
from services.opportunities.organisations.models import Organisation
from services.opportunities.partner_records.models import PartnerPerson, ToldPerson


def keep(
    session: Session,
    region: str,
    record: str,
    told: Iterable[tuple[pb.PartnerPerson, str]],
    *,
    expire_time: datetime | None,
) -> None:
    """People with their organisations here, in place of all that the record told of before."""
    forget(session, region, record)
    for message, organisation in told:
        session.merge(_person(region, record, message, organisation, expire_time))
    session.flush()


def name_of(region: str, message: pb.PartnerPerson) -> str:
    """Our name for somebody; empty for nobody. InvalidArgument BAD_NAME for what is no person's name."""
    if not message.person:
        return ""
    parse_name("people", message.person, field="record")
    return foreign_name(region, message.person)


def forget(session: Session, region: str, record: str) -> None:
    session.execute(
        delete(PartnerPerson).where(PartnerPerson.region == region, PartnerPerson.record == record)
    )


def forget_expired(database: Database, *, at: datetime) -> None:
    """Whoever we were told of until now. Federation does so, too; this does not wait for it."""
    with database.begin() as session:
        session.execute(delete(PartnerPerson).where(PartnerPerson.expire_time <= at))


def contacts(session: Session, people: Collection[str], *, at: datetime) -> Mapping[str, Contact]:
    """What partners told us of these people, as identity tells of ours."""
    in_force = or_(PartnerPerson.expire_time.is_(None), PartnerPerson.expire_time > at)
    statement = (
        select(PartnerPerson, Organisation.display_name)
        .join(Organisation, Organisation.name == PartnerPerson.organisation)
        .where(PartnerPerson.person.in_(people), in_force)
    )
    return {each.person: _contact(each, name) for each, name in session.execute(statement).all()}


def origins(session: Session, region: str, people: Collection[str]) -> Mapping[str, str]:
    """What their own region calls these people, by our names."""
    statement = select(PartnerPerson.person, PartnerPerson.origin_person).where(
        PartnerPerson.region == region, PartnerPerson.person.in_(people)
    )
    return dict(session.execute(statement).all())


def note_told(session: Session, region: str, record: str, people: Iterable[str]) -> None:
    """Of whom a record tells from now on, in place of before."""
    of_record = delete(ToldPerson).where(ToldPerson.region == region, ToldPerson.record == record)
    session.execute(of_record)
    for person in filter(None, dict.fromkeys(people)):
        session.add(ToldPerson(region=region, record=record, person=person))


def is_told(session: Session, region: str, person: str) -> bool:
    """Whether a region has heard of this person of ours."""
    statement = select(ToldPerson.record).where(
        ToldPerson.region == region, ToldPerson.person == person
    )
    return session.scalars(statement.limit(1)).first() is not None


def _person(
    region: str,
    record: str,
    message: pb.PartnerPerson,
    organisation: str,
    expire_time: datetime | None,
) -> PartnerPerson:
    return PartnerPerson(
        region=region,
        record=record,
        person=name_of(region, message),
        origin_person=message.person,
        organisation=organisation,
        display_name=clean(message.display_name),
        job_title=clean(message.job_title),
        email=clean(message.email),
        expire_time=expire_time,
    )


def _contact(person: PartnerPerson, organisation_display_name: str) -> Contact:
    return Contact(
        person=person.person,
        display_name=person.display_name,
        job_title=person.job_title,
        email=person.email,
        organisation=person.organisation,
        organisation_display_name=organisation_display_name,
    )
