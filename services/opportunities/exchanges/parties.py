"""Who hosts and who visits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from services.opportunities.interests.models import Interest
from services.opportunities.notices.kinds import Kind
from services.opportunities.organisations.models import Organisation


class Role(IntEnum):
    """As what somebody takes part in an exchange."""

    HOST_PERSON = 1
    VISITING_PERSON = 2
    HOST_MANAGER = 3
    VISITING_MANAGER = 4


HOST = (Role.HOST_PERSON, Role.HOST_MANAGER)
VISITING = (Role.VISITING_PERSON, Role.VISITING_MANAGER)
NAMED = (Role.HOST_PERSON, Role.VISITING_PERSON)


@dataclass(frozen=True, slots=True)
class Party:
    """One side: its organisation, the person named, if any, and the manager who answers for it."""

    organisation: Organisation
    person: str
    manager: str


def posted_side_visits(kind: Kind) -> bool:
    """Who wants an opportunity goes to where it is; who needs or offers something is visited."""
    return kind is Kind.WANTED


def parties(interest: Interest) -> tuple[Party, Party]:
    """Host and visitor of an interest."""
    notice = interest.notice
    posted = Party(notice.owner, notice.beneficiary, notice.manager)
    answered = Party(interest.owner, interest.participant, interest.manager)
    return (answered, posted) if posted_side_visits(notice.kind) else (posted, answered)
