"""What this service does when federation announces something: it follows partners and their notices."""

from __future__ import annotations

from collections.abc import Iterable

from interchange.federation.v1 import events_pb2 as federation
from interchange.federation.v1.partners_pb2 import Partner
from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy.orm import Session

from chassis import partner_regions
from chassis.bus import Permanent, Refused
from chassis.clock import now
from chassis.errors import InvalidArgument
from chassis.foreign import foreign_name
from chassis.validation import validate
from services.opportunities.partners import copying, parting, positions
from services.opportunities.partners.models import PartnerRegion

REMOVED = Partner.State.Name(Partner.REMOVED)


def on_partner_revised(session: Session, event: federation.PartnerRevised) -> None:
    known = session.get(PartnerRegion, event.region)
    was_removed = known is not None and known.state == REMOVED
    is_taken = partner_regions.take(session, PartnerRegion, event)
    if is_taken and event.state == Partner.REMOVED and not was_removed:
        parting.part(session, event.region, at=now())
    if is_taken and was_removed and event.state != Partner.REMOVED:
        positions.forget(session, event.region)  # what it tells is read anew, from the start


def on_notices_told(session: Session, event: federation.PartnerNoticesTold) -> Refused:
    """Takes over what is later than what came before; answers with what breaks the contract."""
    live, refused = _sound(event)
    later = positions.move_all(session, event.region, _places(event, live))
    at = now()
    shown = [each for each in live if each.notice.name in later]
    gone = {each.notice: each.erase for each in event.gone if each.notice in later}
    changed = copying.show(session, event.region, shown, at=at)
    changed += copying.hide(session, event.region, gone, at=at)
    session.flush()
    copying.announce(session, event.region, changed)
    return refused


def _places(
    event: federation.PartnerNoticesTold, live: Iterable[federation.LiveNoticeFacts]
) -> dict[str, positions.Place]:
    """Where it was said, by our name of the notice. Gone before it was ever here counts too:
    it keeps a late word from bringing it."""
    said = [(each.notice.name, each.position) for each in live]
    said += [(each.notice, each.position) for each in event.gone]
    return {name: (event.pinning, place.epoch, place.sequence) for name, place in said}


def _sound(
    event: federation.PartnerNoticesTold,
) -> tuple[list[federation.LiveNoticeFacts], Refused]:
    """What may be taken over, and what not. Permanent when that is nothing."""
    sound: list[federation.LiveNoticeFacts] = []
    refused: list[tuple[federation.PartnerNoticesTold, Permanent]] = []
    for each in event.live:
        try:
            _require_sound(event.region, each)
            sound.append(each)
        except Permanent as problem:
            refused.append((_alone(event, each), problem))
    if refused and len(refused) == len(event.live) + len(event.gone):
        raise refused[0][1]
    return sound, refused


def _alone(
    event: federation.PartnerNoticesTold, live: federation.LiveNoticeFacts
) -> federation.PartnerNoticesTold:
    return federation.PartnerNoticesTold(region=event.region, pinning=event.pinning, live=[live])


def _require_sound(region: str, live: federation.LiveNoticeFacts) -> None:
    """Names that are really of that region, and content as we would take it from our own people."""
    notice = live.notice
    try:
        ours = foreign_name(region, live.origin_notice)
        owner = foreign_name(region, live.origin_organisation)
        validate(pb.CreateNoticeRequest(notice=notice))
    except InvalidArgument as problem:
        raise Permanent(f"a notice that breaks the contract: {problem.reason}") from problem
    if (notice.name, notice.organisation) != (ours, owner):
        raise Permanent("a notice with a name that is not its region's to give")
