"""What is not served any more: old words that later ones have replaced. The chain of hashes is kept for good."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from chassis.database import Database
from services.federation.log.feed import forget_snapshots
from services.federation.log.models import Channel, HeardNotice, LogEntry


def prune(database: Database, *, keep: timedelta, at: datetime) -> None:
    """Let logs begin later, and forget what was said before and does not hold any more.

    A transaction each: who writes on two of them must not wait for us while we wait for them.
    """
    with database.begin() as session:
        forget_snapshots(session, at=at)
        names = session.scalars(select(Channel.channel)).all()
    for name in names:
        with database.begin() as session:
            _prune(session, name, at - keep)


def _prune(session: Session, name: str, oldest: datetime) -> None:
    channel = session.get_one(Channel, name, with_for_update=True)
    first = _first_kept(session, channel, oldest)
    if first > channel.first_seq:
        channel.first_seq = first
        _forget(session, channel)


def expire(session: Session, *, at: datetime) -> None:
    """Forget what was sealed for somebody and has run out."""
    over = update(LogEntry).where(LogEntry.expire_time <= at, LogEntry.payload.is_not(None))
    session.execute(over.values(payload=None, is_live=False))


def forget_heard(session: Session, *, keep: timedelta, at: datetime) -> None:
    """Forget versions that were heard of so long ago that no event of theirs comes again.

    `keep` is longer than the bus keeps events. The table is looked through as a whole, and seldom: an
    index would cost each notice more.
    """
    undated = update(HeardNotice).where(HeardNotice.hear_time.is_(None))
    session.execute(undated.values(hear_time=at))
    session.execute(delete(HeardNotice).where(HeardNotice.hear_time < at - keep))


def _first_kept(session: Session, channel: Channel, oldest: datetime) -> int:
    """The entry from which on a reader may still follow; its newest one always."""
    old = (
        select(func.max(LogEntry.seq))
        .where(LogEntry.channel == channel.channel, LogEntry.epoch == channel.epoch)
        .where(LogEntry.time < oldest, LogEntry.seq < channel.seq)
    )
    return (session.scalar(old) or 0) + 1


def _forget(session: Session, channel: Channel) -> None:
    """Also all of the epochs before."""
    of_channel = update(LogEntry).where(
        LogEntry.channel == channel.channel, LogEntry.payload.is_not(None)
    )
    replaced = of_channel.where(LogEntry.is_live.is_(False))
    older = (LogEntry.epoch < channel.epoch) | (LogEntry.seq < channel.first_seq)
    session.execute(replaced.where(older).values(payload=None))
