"""Copies of a partner's notices: what its log says of some of them, taken over in a handful of statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from interchange.federation.v1 import events_pb2 as federation
from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from chassis import partner_regions
from chassis.bus import lanes, publish_all
from chassis.names import parse_name
from chassis.timestamps import optional
from services.opportunities.interests.queries import open_counts
from services.opportunities.notice_reports import settling
from services.opportunities.notices import closing, queries
from services.opportunities.notices.convert import COPIED_FIELDS, read_content, to_public
from services.opportunities.notices.kinds import Closing
from services.opportunities.notices.models import Notice
from services.opportunities.organisations.directory import take_foreign
from services.opportunities.organisations.models import Organisation, Sector
from services.opportunities.partners.models import PartnerRegion


def show(
    session: Session, region: str, live: Sequence[federation.LiveNoticeFacts], *, at: datetime
) -> list[Notice]:
    """Our copies, old and new, as their region says that they are."""
    if not live:
        return []
    owners = take_foreign(session, region, _organisations(live))
    known = queries.lock_all(session, map(_id_of, live))
    return [_follow(session, region, each, owners, known, at) for each in live]


def hide(session: Session, region: str, gone: Mapping[str, bool], *, at: datetime) -> list[Notice]:
    """Copies that are gone, by name with whether they must be erased; those that changed by that.

    Gone before it was ever here: there is nothing to do.
    """
    if not gone:
        return []
    known = queries.lock_all(session, (parse_name("notices", name) for name in gone))
    ours = [each for each in known.values() if each.is_copy and each.region == region]
    changed = [each for each in ours if _vanish(each, gone[each.name], at)]
    let_go(session, changed, at=at)
    return changed


def announce(session: Session, region: str, copies: Iterable[Notice]) -> None:
    """Tell who follows copies, on the lane of their region."""
    parcels = lanes.parcels(map(to_public, copies))
    lane = partner_regions.lane(session, PartnerRegion, region)
    publish_all(session, (events.NoticesCopied(notices=each) for each in parcels), lane=lane)


def let_go(session: Session, copies: Sequence[Notice], *, at: datetime) -> None:
    """End what was open on copies that are gone: reports, and interests of which their region never heard."""
    settling.on_notices_closed(session, [each.id for each in copies], at=at)
    answered = open_counts(session, [each.id for each in copies])
    for each in copies:
        if each.id in answered:
            closing.decline_untold(session, each, at=at)


def _organisations(
    live: Iterable[federation.LiveNoticeFacts],
) -> dict[str, tuple[str, Sector]]:
    notices = (each.notice for each in live)
    return {
        each.organisation: (each.organisation_display_name[:200], Sector(each.sector))
        for each in notices
    }


def _id_of(live: federation.LiveNoticeFacts) -> UUID:
    return parse_name("notices", live.notice.name)


def _follow(
    session: Session,
    region: str,
    live: federation.LiveNoticeFacts,
    owners: Mapping[str, Organisation],
    known: Mapping[UUID, Notice],
    at: datetime,
) -> Notice:
    owner, notice_id = owners[live.notice.organisation], _id_of(live)
    notice = known.get(notice_id)
    if notice is None:
        notice = Notice.copy_of(
            owner, live.origin_notice, notice_id=notice_id, region=region, at=at
        )
        session.add(notice)
    notice.owner, notice.organisation = owner, owner.name
    notice.follow(
        {
            **read_content(live.notice, COPIED_FIELDS),
            "places_taken": live.notice.places_taken,
        },
        publish_time=optional(live.notice, "publish_time") or at,
        at=at,
    )
    return notice


def _vanish(notice: Notice, erase: bool, at: datetime) -> bool:
    changed = notice.vanish(Closing.WITHDRAWN, at=at)
    if erase:
        notice.erase(at=at)
    return changed or erase
