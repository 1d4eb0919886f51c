"""The introduction: who the people of an accepted interest are."""

from __future__ import annotations

from collections.abc import Mapping

from interchange.identity.v1.people_pb2 import Contact
from interchange.opportunities.v1 import interests_pb2 as pb
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.auth import principal
from chassis.errors import FailedPrecondition
from chassis.names import parse
from chassis.timestamps import to_proto as stamp
from services.opportunities.exchanges.models import Exchange, Signatory
from services.opportunities.exchanges.parties import Role, posted_side_visits
from services.opportunities.interests.models import Interest
from services.opportunities.interests.queries import no_such_interest
from services.opportunities.policy import may_see_exchange, may_see_interest

PATTERN = "notices/*/interests/*/introduction"
Party = pb.Introduction.Party

# As what somebody is introduced, by the side they are on.
POSTED = (Party.BENEFICIARY, Party.NOTICE_MANAGER)
ANSWERED = (Party.PARTICIPANT, Party.INTERESTED_MANAGER)


def load(session: Session, name: str) -> Exchange:
    """The exchange that acceptance made: it keeps who was introduced, whatever becomes of the notice."""
    notice_id, interest_id = parse(name, PATTERN)
    exchange = session.scalars(
        select(Exchange).where(Exchange.interest_id == interest_id)
    ).one_or_none()
    if exchange and exchange.notice_id == notice_id and may_see_exchange(principal(), exchange):
        return exchange
    interest = session.get(Interest, interest_id)
    if interest is None or not may_see_interest(principal(), interest):
        raise no_such_interest(name)
    raise FailedPrecondition(
        "NOT_ACCEPTED", f"{interest.name} is {interest.state.name}: until then people stay private"
    )


def introduce(exchange: Exchange, contacts: Mapping[str, Contact]) -> pb.Introduction:
    """With what identity knows of each; a role that nobody fills, or nobody any more, is left out."""
    return pb.Introduction(
        name=f"{exchange.interest_name}/introduction",
        parties=[
            _party(_role(exchange, each), contacts[each.person])
            for each in sorted(exchange.signatories, key=lambda each: each.role)
            if each.person in contacts
        ],
        exchange=exchange.name,
        create_time=stamp(exchange.create_time),
    )


def _role(exchange: Exchange, signatory: Signatory) -> Party.Role.ValueType:
    visits = signatory.role in (Role.VISITING_PERSON, Role.VISITING_MANAGER)
    person, manager = POSTED if visits is posted_side_visits(exchange.notice.kind) else ANSWERED
    is_manager = signatory.role in (Role.HOST_MANAGER, Role.VISITING_MANAGER)
    return manager if is_manager else person


def _party(role: Party.Role.ValueType, contact: Contact) -> Party:
    return Party(
        role=role,
        person=contact.person,
        display_name=contact.display_name,
        job_title=contact.job_title,
        email=contact.email,
        organisation=contact.organisation,
        organisation_display_name=contact.organisation_display_name,
    )
