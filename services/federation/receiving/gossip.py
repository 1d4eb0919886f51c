"""Gossip: neighbours show each other the newest heads that they have of others, so two histories can't stay apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.errors import InvalidArgument
from services.federation.partners.models import ANSWERED, NATIONAL, Partner
from services.federation.protocol import proof, shapes
from services.federation.protocol.head import BadHead, Head, claimed_origin, read_head
from services.federation.protocol.receiving import Cursor
from services.federation.receiving import forks
from services.federation.receiving.forks import Other
from services.federation.receiving.models import ReceivedCursor
from services.federation.receiving.proving import hash_at

MOST_HEADS = 100

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Lead:
    """A neighbour has read an origin further than we: what it has at our place is worth a look."""

    origin: str
    place: Cursor


def known(session: Session, listener: str) -> list[Any]:
    """The newest heads that others signed for us, for a partner to compare with what it was told."""
    found = session.execute(
        select(ReceivedCursor.head_line)
        .join(Partner, Partner.region == ReceivedCursor.origin)
        .where(ReceivedCursor.channel == NATIONAL, ReceivedCursor.origin != listener)
        .where(ReceivedCursor.head_line.is_not(None), Partner.state.in_(ANSWERED))
        .order_by(ReceivedCursor.origin)
        .limit(MOST_HEADS)
    )
    return [proof.of_line(row.head_line) for row in found if row.head_line]


def compare(
    session: Session, teller: str, said: Mapping[str, Any], *, at: datetime
) -> Sequence[Lead]:
    """Sound the alarm where an origin told a neighbour otherwise; where it has read further than we."""
    leads = [_compare(session, teller, line, at) for line in _lines(said)]
    return [each for each in leads if each]


def differs(session: Session, cursor: ReceivedCursor, head: Head) -> bool:
    """Whether a head that was signed for somebody else has no place in what we have read."""
    read = hash_at(session, cursor, head.epoch, head.head)
    return read is not None and read != head.hash


def _lines(said: Mapping[str, Any]) -> Sequence[bytes]:
    try:
        return shapes.objects(said, "known", orjson.dumps, limit=MOST_HEADS)
    except ValueError as problem:
        raise InvalidArgument("BAD_HELLO", f"{problem}: signed heads of other regions") from problem


def _compare(session: Session, teller: str, line: bytes, at: datetime) -> Lead | None:
    head = _verified(session, line, teller)
    cursor = session.get(ReceivedCursor, (head.origin, head.channel)) if head else None
    if head is None or cursor is None:
        return None
    if differs(session, cursor, head):
        place = Cursor(head.epoch, head.head, head.hash)
        other = Other(head.origin, head.channel, place, proof.of_line(line), teller)
        forks.sound(session, other, at=at)
    is_ahead = head.epoch == cursor.epoch and head.head > cursor.seq > 0
    return Lead(head.origin, cursor.place) if is_ahead else None


def _verified(session: Session, line: bytes, teller: str) -> Head | None:
    """The head, if it is of a partner of ours, on the channel of all, and really signed by it."""
    try:
        origin = session.get(Partner, claimed_origin(line))
        if origin is None or not origin.is_answered or origin.region == teller:
            return None
        head = read_head(line, origin.read_document())
    except BadHead as problem:
        log.info("gossip_refused", partner=teller, reason=problem.reason)
        return None
    return head if head.channel == NATIONAL and NATIONAL in origin.channels else None
