"""Adding a draft with what its writer, or the person who asked for it, told us."""

from __future__ import annotations

from datetime import datetime

from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy.orm import Session

from chassis.auth import Principal, principal
from chassis.errors import FailedPrecondition, InvalidArgument
from services.opportunities.consent import Consent, given
from services.opportunities.notices.convert import READERS, read_content
from services.opportunities.notices.models import Notice
from services.opportunities.organisations.models import Organisation


def add(
    session: Session, message: pb.Notice, organisation: str, *, region: str, at: datetime
) -> Notice:
    """A draft for an organisation that the copy knows."""
    who = principal()
    if message.HasField("consent") and not message.beneficiary:
        raise InvalidArgument(
            "NO_BENEFICIARY", "needs a beneficiary who consents", field="notice.consent"
        )
    notice = Notice.draft(
        owner(session, organisation),
        read_content(message, READERS),
        region=region,
        author=who.person,
        manager=answers_for(who, organisation),
        at=at,
    )
    if message.HasField("consent"):
        notice.consent = _consent(notice, message, at)
    session.add(notice)
    return notice


def owner(session: Session, organisation: str) -> Organisation:
    """The copy of an organisation that somebody made sure of before."""
    found = session.get(Organisation, organisation)
    if found is None:
        raise FailedPrecondition("ORGANISATION_UNKNOWN", f"{organisation} is not known here yet")
    return found


def answers_for(who: Principal, organisation: str) -> str:
    """Who answers for what they write: themselves, unless an operator writes for somebody's organisation."""
    return who.person if who.manages_organisation(organisation) else ""


def texts(notice: Notice) -> dict[str, str]:
    """What others read of it, by field."""
    return {"notice.title": notice.title, "notice.body": notice.body}


def record_consent(
    notice: Notice, message: pb.Notice | pb.SetNoticeConsentRequest, *, at: datetime
) -> None:
    """Record the beneficiary's consent, or that they took it back when there is none in the message."""
    consent = _consent(notice, message, at) if message.HasField("consent") else None
    notice.record_consent(consent, at=at)


def _consent(
    notice: Notice, message: pb.Notice | pb.SetNoticeConsentRequest, at: datetime
) -> Consent:
    return given(message.consent, whose=notice.beneficiary, by=principal().person, at=at)
