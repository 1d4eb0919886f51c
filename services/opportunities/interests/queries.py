"""Interests by what they answer, and by whom they concern."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, false, func, or_, select
from sqlalchemy.orm import Session

from chassis.auth import Principal, principal
from chassis.errors import NotFound, PermissionDenied
from chassis.etags import check
from chassis.names import parse
from services.opportunities.interests.models import OPEN, Interest
from services.opportunities.notices.models import Notice
from services.opportunities.policy import may_see_interest

PATTERN = "notices/*/interests/*"


def load(session: Session, name: str) -> Interest:
    """An interest that the caller may see; to others it is as if it was not there."""
    notice_id, interest_id = parse(name, PATTERN)
    found = session.get(Interest, interest_id)
    if found is None or found.notice_id != notice_id or not may_see_interest(principal(), found):
        raise no_such_interest(name)
    return found


def load_for_change(session: Session, name: str, etag: str = "") -> Interest:
    """An interest that nobody else changes meanwhile, nor its notice."""
    notice_id, interest_id = parse(name, PATTERN)
    session.scalars(
        select(Notice).where(Notice.id == notice_id).with_for_update(of=Notice)
    ).one_or_none()  # first: everybody locks in this order
    found = session.scalars(
        select(Interest).where(Interest.id == interest_id).with_for_update(of=Interest)
    ).one_or_none()
    if found is None or found.notice_id != notice_id or not may_see_interest(principal(), found):
        raise no_such_interest(name)
    check(etag, found.version)
    return found


def require(allowed: bool, name: str) -> None:
    """Refuse who may see an interest but not do this with it."""
    if not allowed:
        raise PermissionDenied("MAY_NOT_DECIDE", f"this step of {name} is for others to take")


def no_such_interest(name: str) -> NotFound:
    return NotFound("NO_SUCH_INTEREST", f"{name} does not exist, or you may not see it")


def open_ones(session: Session, notice: Notice) -> Sequence[Interest]:
    """Those that wait for an answer, oldest first."""
    statement = (
        select(Interest)
        .where(Interest.notice_id == notice.id, Interest.state.in_(OPEN))
        .order_by(Interest.create_time, Interest.id)
        .with_for_update(of=Interest)
    )
    return session.scalars(statement).all()


def open_counts(session: Session, notices: Collection[UUID]) -> Mapping[UUID, int]:
    """How many wait for an answer, by notice: one question for a whole page."""
    if not notices:
        return {}
    statement = (
        select(Interest.notice_id, func.count())
        .where(Interest.notice_id.in_(notices), Interest.state.in_(OPEN))
        .group_by(Interest.notice_id)
    )
    return dict(session.execute(statement).all())


def has_answered(session: Session, who: Principal, notice: UUID) -> bool:
    """Whether they, or an organisation that they manage, have answered this notice."""
    mine = or_(Interest.organisation.in_(who.manages), is_participant(who))
    return bool(session.scalar(select(exists().where(Interest.notice_id == notice, mine))))


def is_participant(who: Principal) -> ColumnElement[bool]:
    return Interest.participant == who.person if who.person else false()


def concerning(who: Principal) -> ColumnElement[bool]:
    """Interests that somebody may see; operators see all."""
    benefits = select(Notice.id).where(Notice.beneficiary == who.person)
    return or_(
        Interest.organisation.in_(who.manages),
        Interest.notice_organisation.in_(who.manages),
        is_participant(who),
        Interest.notice_id.in_(benefits) if who.person else false(),
    )
