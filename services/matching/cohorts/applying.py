"""Applying: who it is for, whether they may, and on which side they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from interchange.matching.v1 import pairing_pb2 as pb
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.auth import Principal
from chassis.errors import AlreadyExists, FailedPrecondition, PermissionDenied
from chassis.names import parse_name
from services.matching.cohorts import queries
from services.matching.cohorts.convert import read_application
from services.matching.cohorts.models import Application, ApplicationState, Cohort
from services.matching.identity import Identity
from services.matching.pairing.applicants import Side

MOST_APPLICANTS = 10_000  # what a run answers within its call


@dataclass(frozen=True, slots=True)
class Member:
    """Who is to take part, and where they work."""

    person: str
    organisation: str


def applicant(who: Principal, message: pb.Application, identity: Identity) -> Member:
    """The caller, or a member of an organisation that they manage. Asks identity: not inside a transaction."""
    if not message.person or message.person == who.person:
        if not who.organisation:
            raise FailedPrecondition(
                "NO_ORGANISATION", "you are not a member of an organisation yet"
            )
        return Member(who.person, who.organisation)
    parse_name("people", message.person, field="application.person")
    contact = identity.contacts([message.person]).get(message.person)
    organisation = contact.organisation if contact else ""
    if not organisation or not who.manages_organisation(organisation):
        raise PermissionDenied(
            "NOT_THEIR_MANAGER", "managers apply for members of their own organisation only"
        )
    return Member(message.person, organisation)


def apply(
    session: Session,
    cohort: Cohort,
    message: pb.Application,
    member: Member,
    *,
    by: Principal,
    at: datetime,
) -> Application:
    """A new application of somebody who has none in this cohort."""
    cohort.require_open()
    _require_new(session, cohort, member)
    organisation = queries.organisation(session, member.organisation)
    side = cohort.side_of(organisation.sector)
    if side is Side.NEITHER:
        raise FailedPrecondition(
            "NOT_FOR_YOUR_SECTOR", "this cohort is not for organisations of this sector"
        )
    made = read_application(
        message,
        cohort,
        person=member.person,
        organisation=member.organisation,
        side=side,
        place=queries.place_of(organisation),
        by=by.person,
        at=at,
    )
    session.add(made)
    session.flush()
    return made


def _require_new(session: Session, cohort: Cohort, member: Member) -> None:
    same = select(Application.id).where(
        Application.cohort_id == cohort.id,
        Application.person == member.person,
        Application.state == ApplicationState.ACTIVE,
    )
    if session.scalar(same):
        raise AlreadyExists(
            "ALREADY_APPLIED", "they have applied to this cohort already", field="application"
        )
    if queries.count_applications(session, [cohort.id]).get(cohort.id, 0) >= MOST_APPLICANTS:
        raise FailedPrecondition("COHORT_FULL", f"{cohort.name} has as many applicants as it can")
