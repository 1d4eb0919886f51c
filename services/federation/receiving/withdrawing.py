"""Taking back all that a partner told us: the partnership is over."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.federation.partners.models import Partner
from services.federation.receiving.applying import ENTRIES, gone
from services.federation.receiving.models import (
    ReceivedCursor,
    ReceivedEntry,
    SetAside,
    SnapshotEntry,
)
from services.federation.receiving.planning import Plan
from services.federation.receiving.telling import Word, tell


def withdraw_all(session: Session, origin: str) -> None:
    """Nothing of it is shown any more, and no word of it is kept; where we stood in its logs is."""
    tell(session, origin, _over(session, origin))
    _forget(session, origin)


def _over(session: Session, origin: str) -> Iterator[Word]:
    of_origin = select(ReceivedCursor).where(ReceivedCursor.origin == origin)
    for cursor in session.scalars(of_origin.with_for_update()).all():
        plan = Plan(origin, cursor.channel, cursor.place, cursor.place, (), (), {})
        live = select(ENTRIES.c.subject).where(
            ENTRIES.c.origin == origin, ENTRIES.c.channel == cursor.channel, ENTRIES.c.is_live
        )
        word = cursor.speak()
        for subject in session.scalars(live).all():
            yield gone(plan, subject, seq=cursor.seq, before=-word, erase=True)
        cursor.live_notices = 0


def forget(session: Session, partner: Partner) -> None:
    """All of one that was removed, and where we stood: what it tells is read anew, from the start."""
    for table in (ReceivedEntry, SetAside, ReceivedCursor):
        session.execute(delete(table).where(table.origin == partner.region))
    session.delete(partner)
    session.flush()


def _forget(session: Session, origin: str) -> None:
    kept = update(ENTRIES).where(ENTRIES.c.origin == origin)
    session.execute(kept.values(payload=None, is_live=False))
    session.execute(update(SetAside).where(SetAside.origin == origin).values(line=None))
    session.execute(delete(SnapshotEntry).where(SnapshotEntry.origin == origin))
