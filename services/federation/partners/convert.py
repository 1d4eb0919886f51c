"""Between partners and their messages: what was agreed, and how it goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from interchange.federation.v1 import partners_pb2 as pb
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis import convert
from chassis.etags import etag
from chassis.timestamps import to_proto as stamp
from services.federation.keys.convert import policy_fields
from services.federation.log.models import Channel, Erasure
from services.federation.partners.models import Partner
from services.federation.receiving import aside
from services.federation.receiving.models import AsideState, ReceivedCursor


def to_proto(session: Session, partner: Partner) -> pb.Partner:
    """The partner as operators see it."""
    waiting = aside.count(session, partner.region)
    return pb.Partner(
        name=partner.name,
        fingerprint=partner.fingerprint,
        display_name=partner.display_name,
        url=partner.url,
        state=convert.number(partner.state),
        state_reason=partner.state_reason or partner.failure_reason,
        channels=partner.channels,
        policy=pb.PartnerPolicy(**policy_fields(partner.policy)),
        quota=pb.PartnerQuota(
            entries_per_hour=partner.entries_per_hour,
            burst=partner.burst,
            live_notices=partner.live_notices,
        ),
        last_contact_time=convert.moment(partner.last_contact_time),
        as_of_time=convert.moment(partner.as_of_time),
        progress=[*_incoming(session, partner), *_outgoing(session, partner)],
        clock_skew_s=partner.clock_skew_s,
        held_entries=waiting.get(AsideState.HELD, 0),
        quarantined_entries=waiting.get(AsideState.QUARANTINED, 0),
        outstanding_erasures=outstanding(session, partner.region),
        key_expire_time=convert.moment(partner.key_expire_time),
        create_time=stamp(partner.create_time),
        version=partner.version,
        etag=etag(partner.terms_version),
    )


def outstanding(session: Session, region: str) -> int:
    """Erasures that it has not receipted."""
    asked = select(func.count()).select_from(Erasure).where(Erasure.region == region)
    return session.scalar(asked.where(Erasure.receipt_time.is_(None))) or 0


def _incoming(session: Session, partner: Partner) -> Iterator[pb.ChannelProgress]:
    """How far we have read it."""
    of_partner = select(ReceivedCursor).where(ReceivedCursor.origin == partner.region)
    for each in session.scalars(of_partner.order_by(ReceivedCursor.channel)):
        yield pb.ChannelProgress(
            channel=each.channel, incoming=True, epoch=each.epoch, cursor=each.seq, head=each.head
        )


def _outgoing(session: Session, partner: Partner) -> Iterator[pb.ChannelProgress]:
    """How far it has read us, as it said last."""
    for each in _ours(session, [*partner.channels, f"to.{partner.region}"]):
        epoch, seq, _ = partner.their_cursors.get(each.channel, (each.epoch, 0, ""))
        yield pb.ChannelProgress(
            channel=each.channel,
            incoming=False,
            epoch=each.epoch,
            cursor=seq if epoch == each.epoch else 0,
            head=each.seq,
        )


def _ours(session: Session, names: Iterable[str]) -> Iterator[Channel]:
    named = select(Channel).where(Channel.channel.in_(list(names)))
    yield from session.scalars(named.order_by(Channel.channel))


def erasure_to_proto(erasure: Erasure) -> pb.Erasure:
    return pb.Erasure(
        subject=erasure.subject,
        channel=erasure.channel,
        create_time=stamp(erasure.create_time),
        receipt_time=convert.moment(erasure.receipt_time),
    )
