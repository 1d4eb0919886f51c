"""Everything that names one person."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.opportunities.exchanges.models import Exchange, Feedback, Signatory
from services.opportunities.interests.models import Interest
from services.opportunities.notices.models import Notice
from services.opportunities.requests.models import Request
from services.opportunities.swaps.models import Swap, SwapPart


def requests(session: Session, person: str) -> Sequence[Request]:
    """Requests that they made, oldest first."""
    statement = select(Request).where(Request.person == person).order_by(Request.create_time)
    return session.scalars(statement).all()


def notices(session: Session, person: str) -> Sequence[Notice]:
    """Notices that they wrote, answer for or benefit from, oldest first."""
    theirs = or_(
        Notice.author == person,
        Notice.manager == person,
        Notice.beneficiary == person,
        Notice.consent_recorded_by == person,
        Notice.impersonal_by == person,
    )
    return session.scalars(select(Notice).where(theirs).order_by(Notice.create_time)).all()


def interests(session: Session, person: str) -> Sequence[Interest]:
    """Interests that they proposed, answer for or take part in, oldest first."""
    theirs = or_(
        Interest.proposer == person,
        Interest.manager == person,
        Interest.participant == person,
        Interest.consent_recorded_by == person,
    )
    return session.scalars(select(Interest).where(theirs).order_by(Interest.create_time)).all()


def exchanges(session: Session, person: str) -> Sequence[Exchange]:
    """Exchanges that they sign or left feedback on, oldest first."""
    signs = select(Signatory.exchange_id).where(Signatory.person == person)
    said = select(Feedback.exchange_id).where(Feedback.person == person)
    theirs = or_(Exchange.id.in_(signs), Exchange.id.in_(said))
    return session.scalars(select(Exchange).where(theirs).order_by(Exchange.create_time)).all()


def swaps(session: Session, person: str) -> Sequence[Swap]:
    """Swaps in which a notice on their behalf takes part, or that they proposed or agreed to, oldest first."""
    parts = select(SwapPart.swap_id).join(Notice, Notice.id == SwapPart.notice_id)
    taking_part = parts.where(or_(Notice.beneficiary == person, SwapPart.agreed_by == person))
    theirs = or_(Swap.id.in_(taking_part), Swap.proposer == person)
    return session.scalars(select(Swap).where(theirs).order_by(Swap.create_time)).all()
