"""Asking again for erasures: of who has read on and gave no receipt, the word or the receipt was lost."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.federation.log.models import Erasure, LogEntry
from services.federation.log.writing import Log
from services.federation.partners.models import Partner
from services.federation.protocol.entry import Op

AGAIN_AFTER = timedelta(days=1)
MOST = 200  # in one transaction; the rest the next time


def ask_again(session: Session, log: Log, *, at: datetime) -> int:
    """How many things were asked for again. Who has not read so far is not asked: the word waits in its feed."""
    due = {
        (erasure.channel, erasure.subject)
        for erasure, partner in _waiting(session, at - AGAIN_AFTER)
        if _has_read_on(session, partner, erasure, at)
    }
    asked = sorted(due)[:MOST]
    for channel, subject in asked:
        entry = _newest(session, channel, subject)
        if entry is not None:
            log.repeat(session, entry, at=at)
    return len(asked)


def _waiting(session: Session, since: datetime) -> list[tuple[Erasure, Partner]]:
    waiting = (
        select(Erasure, Partner)
        .join(Partner, Partner.region == Erasure.region)
        .where(Erasure.receipt_time.is_(None), Erasure.create_time <= since)
    )
    return [(row[0], row[1]) for row in session.execute(waiting)]


def _has_read_on(session: Session, partner: Partner, erasure: Erasure, at: datetime) -> bool:
    entry = _newest(session, erasure.channel, erasure.subject)
    read = partner.their_cursors.get(erasure.channel)
    if entry is None or read is None or entry.time > at - AGAIN_AFTER or not partner.is_answered:
        return False
    return (read[0], read[1]) >= (entry.epoch, entry.seq)


def _newest(session: Session, channel: str, subject: str) -> LogEntry | None:
    """Our newest word on it, when that is to erase it."""
    newest = (
        select(LogEntry)
        .where(LogEntry.channel == channel, LogEntry.subject == subject)
        .order_by(LogEntry.epoch.desc(), LogEntry.seq.desc())
        .limit(1)
    )
    found = session.scalars(newest).one_or_none()
    return found if found and found.op == Op.ERASE.value else None
