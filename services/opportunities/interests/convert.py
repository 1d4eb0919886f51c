"""Between interests and their messages: what each side may see, and what is announced."""

from __future__ import annotations

from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import interests_pb2 as pb

from chassis import convert
from chassis.auth import Principal
from chassis.clock import now
from chassis.etags import etag
from chassis.names import format_name
from chassis.timestamps import to_proto as stamp
from services.opportunities.convert import consent_to_proto
from services.opportunities.interests.models import Interest
from services.opportunities.policy import is_own_side, sees_participant


def to_proto(interest: Interest, who: Principal) -> pb.Interest:
    """The interest as this caller may see it: the other side learns who it is by the introduction."""
    exchange, offered = interest.exchange_id, interest.offered_notice
    message = pb.Interest(
        name=interest.name,
        notice=interest.notice.name,
        notice_title=interest.notice.title,
        notice_organisation=interest.notice_organisation,
        organisation=interest.organisation,
        organisation_display_name=interest.owner.display_name,
        offered_notice=format_name("notices", offered) if offered else "",
        message=interest.message,
        state=convert.number(interest.state),
        decline_reason=interest.decline_reason,
        exchange=format_name("exchanges", exchange) if exchange else "",
        create_time=stamp(interest.create_time),
        endorse_time=convert.moment(interest.endorse_time),
        decide_time=convert.moment(interest.decide_time),
        etag=etag(interest.version),
        notice_region=interest.notice_region,
        organisation_region=interest.region,
    )
    if interest.is_open and is_own_side(who, interest):
        message.waiting = interest.waits_for(at=now())
    if sees_participant(who, interest):
        message.participant = interest.participant
    consent = consent_to_proto(interest.consent)
    if consent and is_own_side(who, interest):
        message.consent.CopyFrom(consent)
    return message


def facts(interest: Interest) -> events.InterestFacts:
    """What every event about an interest carries: people of this region as ids, no texts."""
    notice = interest.notice
    return events.InterestFacts(
        interest=interest.name,
        notice=notice.name,
        notice_title=notice.title,
        notice_organisation=interest.notice_organisation,
        organisation=interest.organisation,
        notice_manager=notice.manager,
        interested_manager="" if interest.region else interest.manager,
        beneficiary=notice.beneficiary,
        participant="" if interest.region else interest.participant,
        organisation_display_name=interest.owner.display_name,
        notice_organisation_display_name=notice.display_name,
        notice_region=interest.notice_region,
        organisation_region=interest.region,
    )
