"""An origin's own signature on the last that we have read of it: it may have lost what it once said."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.federation.protocol import proof
from services.federation.protocol.proof import Proof
from services.federation.receiving.models import ReceivedCursor, ReceivedEntry


def proof_of(session: Session, cursor: ReceivedCursor) -> Proof | None:
    """Of the entry or, right after a snapshot, of its manifest; None at the start."""
    key = (cursor.origin, cursor.channel, cursor.epoch, cursor.seq)
    entry = session.get(ReceivedEntry, key)
    if entry is not None and entry.hash == cursor.hash:
        return proof.of_entry(entry.protected, entry.sig)
    if cursor.manifest_line and cursor.seq == cursor.since:
        return proof.of_line(cursor.manifest_line)
    return None


def hash_at(session: Session, cursor: ReceivedCursor, epoch: int, seq: int) -> str | None:
    """What we have read at a place; None where we have nothing to compare with."""
    if epoch != cursor.epoch or not seq:
        return None
    if seq == cursor.seq:
        return cursor.hash
    entry = session.get(ReceivedEntry, (cursor.origin, cursor.channel, epoch, seq))
    return entry.hash if entry else None
