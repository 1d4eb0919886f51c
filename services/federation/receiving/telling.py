"""Telling the region what a partner's log says of its notices: some at a time, on the partner's lane."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from interchange.federation.v1 import events_pb2 as events
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.bus import lanes, publish_all
from services.federation.partners.models import Partner

Word = events.LiveNoticeFacts | events.GoneNoticeFacts

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def tell(session: Session, origin: str, words: Iterable[Word]) -> None:
    """In the transaction that takes them over. Each notice may be in it once."""
    parcels = list(lanes.parcels(words))
    if not parcels:
        return
    pinning, lane = _pinning(session, origin), _lane(session, origin)
    publish_all(session, (_event(origin, pinning, each) for each in parcels), lane=lane)


def _event(origin: str, pinning: int, words: Sequence[Word]) -> events.PartnerNoticesTold:
    told = events.PartnerNoticesTold(region=origin, pinning=pinning)
    for each in words:
        if isinstance(each, events.LiveNoticeFacts):
            told.live.append(each)
        else:
            told.gone.append(each)
    return told


def _pinning(session: Session, origin: str) -> int:
    """It grows from one pinning of a partner to the next, and tells them apart."""
    pinned: datetime | None = session.scalar(
        select(Partner.create_time).where(Partner.region == origin)
    )
    return (pinned - EPOCH) // timedelta(microseconds=1) if pinned else 0


def _lane(session: Session, origin: str) -> int:
    before = select(func.count()).select_from(Partner).where(Partner.region < origin)
    return lanes.lane_of(session.scalar(before) or 0)
