"""A partner revoked a key: what that key signed from then on is taken back, and read again if it can be."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from services.federation.protocol.document import RegionDocument, Revoked
from services.federation.protocol.receiving import Cursor
from services.federation.receiving.applying import ENTRIES, gone, load_cursor
from services.federation.receiving.models import ReceivedCursor
from services.federation.receiving.planning import Plan
from services.federation.receiving.telling import tell


def purge(session: Session, document: RegionDocument) -> int:
    """Go back, on every channel, to before the first entry that a revoked key may not have signed; how many went."""
    channels = session.scalars(
        select(ReceivedCursor.channel).where(ReceivedCursor.origin == document.region)
    ).all()
    return sum(_purge(session, document, channel) for channel in channels)


def _purge(session: Session, document: RegionDocument, channel: str) -> int:
    cursor = load_cursor(session, document.region, channel)
    first = _first_void(session, cursor, document.revoked)
    if first is None:
        return 0
    plan = Plan(document.region, channel, cursor.place, cursor.place, (), (), {})
    after = (*_of(cursor), ENTRIES.c.seq >= first)
    live = list(session.scalars(select(ENTRIES.c.subject).where(*after, ENTRIES.c.is_live)))
    word = cursor.speak()
    over = (gone(plan, each, seq=cursor.seq, before=-word) for each in live)
    tell(session, plan.origin, over)
    count = session.scalar(select(func.count()).select_from(ENTRIES).where(*after)) or 0
    session.execute(delete(ENTRIES).where(*after))
    cursor.live_notices -= len(live)
    cursor.move(_before(session, cursor, first))
    return count


def _first_void(session: Session, cursor: ReceivedCursor, revoked: Iterable[Revoked]) -> int | None:
    """The number of the first entry that its key may not sign any more."""
    found = [_first_by(session, cursor, each) for each in revoked]
    return min((seq for seq in found if seq is not None), default=None)


def _first_by(session: Session, cursor: ReceivedCursor, revoked: Revoked) -> int | None:
    if revoked.channel not in (None, cursor.channel) or revoked.epoch > cursor.epoch:
        return None
    least = revoked.from_seq if revoked.channel and revoked.epoch == cursor.epoch else 0
    first: int | None = session.scalar(
        select(func.min(ENTRIES.c.seq)).where(
            *_of(cursor), ENTRIES.c.kid == revoked.kid, ENTRIES.c.seq >= least
        )
    )
    return first


def _before(session: Session, cursor: ReceivedCursor, first: int) -> Cursor:
    """The place before an entry; the beginning, when that is not here."""
    before = session.execute(
        select(ENTRIES.c.seq, ENTRIES.c.hash).where(*_of(cursor), ENTRIES.c.seq == first - 1)
    ).first()
    if before is None:
        return Cursor(epoch=cursor.epoch)
    return Cursor(cursor.epoch, before.seq, before.hash)


def _of(cursor: ReceivedCursor) -> tuple[ColumnElement[bool], ...]:
    return (
        ENTRIES.c.origin == cursor.origin,
        ENTRIES.c.channel == cursor.channel,
        ENTRIES.c.epoch == cursor.epoch,
    )
