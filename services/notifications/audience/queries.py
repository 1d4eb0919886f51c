"""Who is to be told, and what organisations are called."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.partner_regions import in_words
from services.notifications.audience.models import (
    Erased,
    Manager,
    Operator,
    Organisation,
    PartnerRegion,
)

SOMEBODY = "another organisation"  # while its name has not reached us


def managers(session: Session, *organisations: str) -> list[str]:
    """Everybody in office at one of the organisations."""
    in_office = select(Manager.person).where(
        Manager.organisation.in_(organisations), Manager.is_in_office
    )
    return list(session.scalars(in_office.order_by(Manager.appointment)))


def all_managers(session: Session) -> list[str]:
    """Everybody in office anywhere in the region."""
    in_office = select(Manager.person).where(Manager.is_in_office)
    return list(dict.fromkeys(session.scalars(in_office.order_by(Manager.appointment))))


def operators(session: Session) -> list[str]:
    return list(session.scalars(select(Operator.person).order_by(Operator.person)))


def managers_or_operators(session: Session, organisation: str) -> list[str]:
    """Its managers; while it has none, who can appoint one."""
    return managers(session, organisation) or operators(session)


def answering(session: Session, manager: str, organisation: str) -> list[str]:
    """The manager who answers for something; while nobody does, all of the organisation's."""
    return [manager] if manager else managers(session, organisation)


def display_name(session: Session, organisation: str) -> str:
    found = session.get(Organisation, organisation)
    return found.display_name if found else SOMEBODY


def called(session: Session, organisation: str, told: str, region: str) -> str:
    """What texts call an organisation of this region or, with the region, of another.

    Of another region nobody tells us but the event itself: `told` is what that says.
    """
    if not region:
        return display_name(session, organisation)
    return f"{told or SOMEBODY} ({region_called(session, region)})"


def region_called(session: Session, region: str) -> str:
    """What another region calls itself; its code in words while that has not reached us."""
    known = session.get(PartnerRegion, region)
    return known.display_name if known else in_words(region)


def living(session: Session, people: Iterable[str]) -> list[str]:
    """Each person once, in order, without nobody and without those who were erased."""
    named = [person for person in dict.fromkeys(people) if person]
    prints = {fingerprint(person): person for person in named}
    statement = select(Erased.fingerprint).where(Erased.fingerprint.in_(prints))
    gone = {prints[each] for each in session.scalars(statement)}
    return [person for person in named if person not in gone]


def fingerprint(person: str) -> str:
    return sha256(person.encode()).hexdigest()
