"""Who proposes an interest, for which organisation, and with whom as participant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from interchange.opportunities.v1 import interests_pb2 as pb
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from chassis.auth import Principal, principal
from chassis.errors import AlreadyExists, FailedPrecondition, InvalidArgument, PermissionDenied
from chassis.names import parse_name
from services.opportunities.consent import Consent, given
from services.opportunities.interests.models import OPEN, Interest
from services.opportunities.notices.models import Notice
from services.opportunities.organisations.directory import acting_for


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody proposes, once it is clear for whom."""

    organisation: str
    participant: str
    is_manager: bool


def read(who: Principal, message: pb.Interest) -> Proposal:
    """For their organisation when they manage one, else for themselves: people speak for nobody else."""
    if who.manages or who.is_operator:
        organisation = acting_for(who, message.organisation, field="interest.organisation")
        return Proposal(organisation, message.participant, is_manager=True)
    if not who.organisation:
        raise FailedPrecondition("NO_ORGANISATION", "you are not a member of an organisation yet")
    if message.organisation not in ("", who.organisation):
        raise PermissionDenied("NOT_ITS_MANAGER", f"you don't manage {message.organisation}")
    if message.participant not in ("", who.person):
        raise InvalidArgument(
            "ONLY_YOURSELF", "only managers propose somebody else", field="interest.participant"
        )
    return Proposal(who.organisation, who.person, is_manager=False)


def offered(session: Session, message: pb.Interest, organisation: str) -> UUID | None:
    """The notice that an interest answers with: one of the interested organisation that is not closed."""
    field = "interest.offered_notice"
    if not message.offered_notice:
        return None
    notice = session.get(Notice, parse_name("notices", message.offered_notice, field=field))
    if notice is None or notice.organisation != organisation or not notice.is_open:
        raise InvalidArgument(
            "NOT_YOUR_NOTICE", f"must be a notice of {organisation} that is not closed", field=field
        )
    return notice.id


def require_first(session: Session, notice: Notice, proposal: Proposal) -> None:
    """Refuse a second open interest of the same people. Whoever holds the notice's lock is alone here."""
    same = exists().where(
        Interest.notice_id == notice.id,
        Interest.organisation == proposal.organisation,
        Interest.participant == proposal.participant,
        Interest.state.in_(OPEN),
    )
    if session.scalar(select(same)):
        raise AlreadyExists(
            "ALREADY_PROPOSED", f"you have an open interest in {notice.name} already"
        )


def first_consent(interest: Interest, message: pb.Interest, *, at: datetime) -> Consent | None:
    """The participant's consent that comes with the proposal."""
    if not interest.participant:
        raise InvalidArgument(
            "NO_PARTICIPANT", "needs a participant who consents", field="interest.consent"
        )
    return consent(interest, message, at=at)


def consent(
    interest: Interest, message: pb.Interest | pb.SetInterestConsentRequest, *, at: datetime
) -> Consent | None:
    """The participant's consent as the caller records it; None when they take it back."""
    if not message.HasField("consent"):
        return None
    return given(message.consent, whose=interest.participant, by=principal().person, at=at)
