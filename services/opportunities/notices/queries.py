"""Notices that a caller may see, and those that they may change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import ColumnElement, Select, and_, bindparam, false, or_, select, true
from sqlalchemy.orm import Bundle, Session

from chassis.auth import Principal, principal
from chassis.errors import NotFound, PermissionDenied
from chassis.etags import check
from chassis.names import parse_name
from chassis.partner_regions import HIDDEN as HIDDEN_STATES
from services.opportunities.interests.queries import has_answered, open_counts
from services.opportunities.notices.kinds import Format, Kind, State
from services.opportunities.notices.models import Listed, Notice
from services.opportunities.organisations.models import Organisation
from services.opportunities.partners.models import PartnerRegion
from services.opportunities.policy import (
    PUBLIC,
    READERS,
    may_edit_notice,
    may_see_notice,
    sees_notice_whole,
)

# Made once: what SQLAlchemy prepares of it is then kept with it.
BY_ID = select(Notice).where(Notice.id == bindparam("id"))

# Regions of which nothing is shown.
HIDDEN = select(PartnerRegion.region).where(PartnerRegion.state.in_(HIDDEN_STATES))

LISTED: Bundle[Any] = Bundle(
    "listed",
    Notice.id,
    Notice.version,
    Organisation.version.label("owner_version"),
    Notice.organisation,
    Notice.beneficiary,
)


def find(session: Session, name: str) -> Notice | None:
    return session.scalars(BY_ID, {"id": parse_name("notices", name)}).one_or_none()


def load(session: Session, name: str) -> Notice:
    """A notice that the caller may see; to others it is as if it was not there."""
    found = find(session, name)
    if found is None or not _may_see(session, found):
        raise no_such_notice(name)
    return found


def load_for_edit(session: Session, name: str, etag: str = "") -> Notice:
    """A notice that the caller may change and nobody else changes meanwhile."""
    found = lock(session, parse_name("notices", name))
    if found is None or not _shows(session, found):
        raise no_such_notice(name)
    found.require_ours()
    if not may_edit_notice(principal(), found):
        raise PermissionDenied("MAY_NOT_EDIT", f"{name} is for its own managers to change")
    check(etag, found.version)
    return found


def load_for_consent(session: Session, name: str) -> Notice:
    """A notice whose beneficiary's consent the caller may record: the beneficiary may, too."""
    found = lock(session, parse_name("notices", name))
    if found is None or not _shows(session, found):
        raise no_such_notice(name)
    found.require_ours()
    if not sees_notice_whole(principal(), found):
        raise PermissionDenied("MAY_NOT_EDIT", f"{name} is for its own managers to change")
    return found


def load_locked(session: Session, name: str) -> Notice:
    """A notice that the caller may see, kept as it is until the transaction ends."""
    found = lock(session, parse_name("notices", name, field="parent"))
    if found is None or not _shows(session, found):
        raise no_such_notice(name)
    return found


def lock(session: Session, notice: UUID) -> Notice | None:
    """A notice, and its interests' fate, in one hand until the transaction ends."""
    statement = select(Notice).where(Notice.id == notice).with_for_update(of=Notice)
    return session.scalars(statement).one_or_none()


def lock_all(session: Session, notices: Iterable[UUID]) -> dict[UUID, Notice]:
    """Several, in the order in which everybody locks several."""
    wanted = list(notices)
    if not wanted:
        return {}
    statement = select(Notice).where(Notice.id.in_(wanted)).order_by(Notice.id)
    found = session.scalars(statement.with_for_update(of=Notice))
    return {notice.id: notice for notice in found}


def no_such_notice(name: str) -> NotFound:
    return NotFound("NO_SUCH_NOTICE", f"{name} does not exist, or you may not see it")


def open_interests(
    session: Session, who: Principal, notices: Sequence[Notice]
) -> Mapping[UUID, int]:
    """How many interests wait, for those notices whose managers ask."""
    return open_counts(session, [each.id for each in notices if sees_notice_whole(who, each)])


def listing(who: Principal, request: pb.ListNoticesRequest) -> Select[Listed]:
    """What ListNotices pages through: enough to know whether more must be read."""
    statement = select(LISTED).join(Notice.owner).where(_in_state(who, request), _is_shown(who))
    if request.organisation:
        statement = statement.where(Notice.organisation == request.organisation)
    if request.kind:
        statement = statement.where(Notice.kind == Kind(request.kind))
    if request.format:
        statement = statement.where(Notice.format == Format(request.format))
    return statement


def load_all(session: Session, notices: Sequence[UUID]) -> Mapping[UUID, Notice]:
    """Whole notices, by id."""
    if not notices:
        return {}
    found = session.scalars(select(Notice).where(Notice.id.in_(notices)))
    return {notice.id: notice for notice in found}


def _in_state(who: Principal, request: pb.ListNoticesRequest) -> ColumnElement[bool]:
    """The state asked for, of the notices that this caller may see in it."""
    all_of_it = who.is_operator or request.organisation in who.manages
    if all_of_it and not request.state:
        return Notice.state.in_(State)
    state = State(request.state or State.PUBLISHED)
    if all_of_it:
        return Notice.state == state
    if state is State.PUBLISHED:
        return and_(Notice.state == state, _is_visible(who))
    return and_(Notice.state == state, _is_own(who))


def _is_shown(who: Principal) -> ColumnElement[bool]:
    """All but what came from regions that are hidden; who keeps copies hides them by themselves."""
    if who.service in READERS:
        return true()
    if who.service == "federation":  # which tells others what is ours
        return Notice.origin_notice == ""
    return Notice.region.not_in(HIDDEN)


def _is_visible(who: Principal) -> ColumnElement[bool]:
    """Of published notices."""
    if who.service in READERS:
        return Notice.visibility.is_not(None)
    own = who.manages | {who.organisation}
    return or_(Notice.visibility.in_(PUBLIC), Notice.organisation.in_(own), _is_mine(who))


def _is_own(who: Principal) -> ColumnElement[bool]:
    """Of notices that are not published."""
    return or_(Notice.organisation.in_(who.manages), _is_mine(who))


def _is_mine(who: Principal) -> ColumnElement[bool]:
    return Notice.beneficiary == who.person if who.person else false()


def _shows(session: Session, notice: Notice) -> bool:
    """Whether the caller may see it from what it is, and where it came from."""
    return may_see_notice(principal(), notice) and not _is_hidden(session, notice)


def _is_hidden(session: Session, notice: Notice) -> bool:
    if not notice.is_copy or principal().service in READERS:
        return False
    return bool(session.scalar(HIDDEN.where(PartnerRegion.region == notice.region)))


def _may_see(session: Session, notice: Notice) -> bool:
    who = principal()
    if may_see_notice(who, notice):
        return not _is_hidden(session, notice)
    is_closed = notice.state is State.CLOSED
    return is_closed and who.is_signed_in and has_answered(session, who, notice.id)
