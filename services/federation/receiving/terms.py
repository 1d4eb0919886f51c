"""By which terms what a partner says is shown: what is shared, what the policy admits, what this release can read."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy.orm import Session

from services.federation.partners.models import Partner
from services.federation.receiving.models import ReceivedCursor
from services.federation.receiving.notices import Admission
from services.federation.receiving.planning import READS
from services.federation.records.bells import Bells

LENGTH = 40  # of a digest: enough to tell terms apart

bells = Bells()  # for who judges anew


def is_shared(partner: Partner, cursor: ReceivedCursor) -> bool:
    """Whether we read the channel, and its origin lets us."""
    is_ours = cursor.channel.startswith("to.") or cursor.channel in partner.channels
    return is_ours and not cursor.is_refused


def terms_of(partner: Partner, cursor: ReceivedCursor) -> str:
    """All that decides, as a text that changes with it."""
    terms = (READS, is_shared(partner, cursor), sorted(partner.policy.items()))
    return sha256(repr(terms).encode()).hexdigest()[:LENGTH]


def took(session: Session, partner: Partner, cursor: ReceivedCursor, admission: Admission) -> None:
    """Something was taken over: if by terms that do not hold any more, what is live is judged anew."""
    was_refused, cursor.is_refused = cursor.is_refused, False
    if was_refused or admission != Admission.of(partner.policy):
        cursor.judged_by = ""
        bells.ring_after(session)


def refused(session: Session, origin: str, channel: str) -> None:
    """The origin says that the channel is not ours to read: what we have of it is not ours to show."""
    cursor = session.get(ReceivedCursor, (origin, channel), with_for_update=True)
    if cursor is not None and not cursor.is_refused:
        cursor.is_refused = True
        bells.ring_after(session)
