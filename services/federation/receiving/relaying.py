"""Handing on what others said, in the bytes that they signed: for a neighbour who can't reach them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from services.federation.partners.models import Partner
from services.federation.protocol.entry import (
    MAX_PAGE_BYTES,
    MAX_PAGE_ENTRIES,
    Entry,
    Erasure,
    Op,
)
from services.federation.protocol.head import join_page
from services.federation.receiving.applying import ENTRIES
from services.federation.receiving.models import ReceivedCursor

RESERVED_BYTES = 8 * 1024


class Relays:
    """Pages of logs that we have received; the head is the one that their origin signed last."""

    def page(
        self, session: Session, origin: str, channel: str, *, epoch: int, after: int, limit: int
    ) -> bytes | None:
        """None when there is nothing of that log here, nothing that goes on from there, or we hide it ourselves."""
        partner = session.get(Partner, origin)
        if partner is None or not partner.is_answered:
            return None
        cursor = session.get(ReceivedCursor, (origin, channel))
        if cursor is None or cursor.head_line is None:
            return None
        if (epoch and epoch != cursor.epoch) or after < cursor.since:
            return None
        most = min(limit or MAX_PAGE_ENTRIES, MAX_PAGE_ENTRIES)
        rows = session.execute(
            select(ENTRIES)
            .where(ENTRIES.c.origin == origin, ENTRIES.c.channel == channel)
            .where(ENTRIES.c.epoch == cursor.epoch, ENTRIES.c.seq > after)
            .order_by(ENTRIES.c.seq)
            .limit(most)
        ).all()
        return join_page(_fitting(session, rows), cursor.head_line)


def _fitting(session: Session, rows: Sequence[Row[*tuple[object, ...]]]) -> Iterable[bytes]:
    proofs = _erasures(session, rows)
    room = MAX_PAGE_BYTES - RESERVED_BYTES
    for row in rows:
        proof = proofs.get(row.subject) if row.payload is None else None
        line = Entry(row.protected, row.payload, row.sig, proof).line()
        room -= len(line) + 1
        if room < 0:
            return
        yield line


def _erasures(session: Session, rows: Sequence[Row[*tuple[object, ...]]]) -> dict[str, Erasure]:
    missing = {row.subject for row in rows if row.payload is None}
    if not missing:
        return {}
    first = rows[0]
    found = session.execute(
        select(ENTRIES)
        .where(ENTRIES.c.origin == first.origin, ENTRIES.c.channel == first.channel)
        .where(ENTRIES.c.epoch == first.epoch, ENTRIES.c.op == Op.ERASE.value)
        .where(ENTRIES.c.subject.in_(missing))
    )
    return {row.subject: Erasure(row.protected, row.sig) for row in found}
