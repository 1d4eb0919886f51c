"""Forks: an origin that told two histories is not read on, and both signatures are kept as evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chassis.database import after_commit, new_id
from services.federation.partners.announcing import announce
from services.federation.partners.models import Partner, State
from services.federation.protocol import proof
from services.federation.protocol.proof import Proof
from services.federation.protocol.receiving import Cursor
from services.federation.receiving import metrics
from services.federation.receiving.models import Fork, ReceivedCursor
from services.federation.receiving.proving import proof_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Other:
    """A place in another history than the one that we have read, with the origin's signature on it."""

    origin: str
    channel: str
    place: Cursor
    proof: Proof
    teller: str  # the origin itself, or the neighbour that was told so


def sound(session: Session, other: Other, *, at: datetime) -> None:
    """Read nothing more of the origin until it begins a new epoch; keep what shows why."""
    partner = session.get(Partner, other.origin, with_for_update=True)
    cursor = session.get(ReceivedCursor, (other.origin, other.channel))
    if partner is None or cursor is None or not partner.is_answered:
        return
    session.execute(upsert(Fork).values(_row(session, other, cursor, at)).on_conflict_do_nothing())
    if partner.state is State.FORKED:
        return
    reason = f"{other.channel}: {other.teller} was told another history up to {other.place.seq}"
    partner.fork(reason)
    announce(session, partner, at=at)
    log.error("partner_forked", partner=other.origin, reason=reason)
    after_commit(session, metrics.forks.labels(other.origin).inc)


def _row(session: Session, other: Other, cursor: ReceivedCursor, at: datetime) -> dict[str, object]:
    read = proof_of(session, cursor)
    return {
        "id": new_id(),
        "origin": other.origin,
        "channel": other.channel,
        "epoch": other.place.epoch,
        "seq": other.place.seq,
        "hash": other.place.hash,
        "proof": proof.to_line(other.proof),
        "read_seq": cursor.seq,
        "read_hash": cursor.hash,
        "read_proof": proof.to_line(read) if read else None,
        "head": cursor.head_line,
        "teller": other.teller,
        "create_time": at,
    }


def unmended(session: Session, origin: str, epochs: Mapping[str, int]) -> dict[str, Fork]:
    """The newest of each channel that no new epoch has mended; `epochs` are those that we read."""
    found = session.scalars(listing(origin).order_by(Fork.create_time, Fork.id))
    return {each.channel: each for each in found if each.epoch >= epochs.get(each.channel, 0)}


def listing(origin: str | None) -> Select[Fork]:
    """Those of one origin or of all."""
    return select(Fork).where(Fork.origin == origin) if origin else select(Fork)
