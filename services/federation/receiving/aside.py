"""What was not taken over: kept with its reason, listed for operators, judged again or forgotten at their word."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chassis.database import new_id
from chassis.errors import FailedPrecondition, NotFound
from services.federation.receiving.models import AsideState, ReceivedEntry, SetAside
from services.federation.receiving.reading import Rejected

WAITING = (AsideState.HELD, AsideState.QUARANTINED)
LARGEST = 64 * 1024


def quarantine(
    session: Session, origin: str, channel: str, rejected: Rejected, *, at: datetime
) -> None:
    """Keep a line that is not to be trusted, once, however often it comes."""
    row = {
        "id": new_id(),
        "origin": origin,
        "channel": channel,
        "epoch": rejected.epoch,
        "seq": rejected.seq,
        "subject": "",
        "state": AsideState.QUARANTINED,
        "reason": rejected.reason[:50],
        "detail": rejected.detail[:500],
        "line": rejected.line[:LARGEST],
        "create_time": at,
    }
    session.execute(upsert(SetAside).values(row).on_conflict_do_nothing())


def hold_record(
    session: Session,
    origin: str,
    channel: str,
    *,
    epoch: int,
    seq: int,
    subject: str,
    reason: str,
    detail: str,
    at: datetime,
) -> None:
    """Note that a record was refused by its owner here. What it says is not kept."""
    row = {
        "id": new_id(),
        "origin": origin,
        "channel": channel,
        "epoch": epoch,
        "seq": seq,
        "subject": subject,
        "state": AsideState.HELD,
        "reason": reason[:50],
        "detail": detail[:500],
        "line": None,
        "create_time": at,
    }
    session.execute(upsert(SetAside).values(row).on_conflict_do_nothing())


def count(session: Session, origin: str) -> dict[AsideState, int]:
    """How many of an origin's entries are held, and how many in quarantine."""
    counted = (
        select(SetAside.state, func.count())
        .where(SetAside.origin == origin, SetAside.state.in_(WAITING))
        .group_by(SetAside.state)
    )
    return {row[0]: row[1] for row in session.execute(counted)}


def listing(origin: str | None, state: int) -> Select[SetAside]:
    """Those of one origin or of all, in one state or those that wait."""
    states = [AsideState(state)] if state else WAITING
    statement = select(SetAside).where(SetAside.state.in_(states))
    return statement.where(SetAside.origin == origin) if origin else statement


def load(session: Session, origin: str, entry_id: UUID) -> SetAside:
    """One of an origin's entries, locked."""
    found = session.get(SetAside, entry_id, with_for_update=True)
    if found is None or found.origin != origin:
        raise NotFound("NO_SUCH_ENTRY", "there is no such entry")
    return found


def drop(session: Session, origin: str, entry_id: UUID) -> SetAside:
    """Forget an entry; the log that it stood in is not changed by that."""
    found = load(session, origin, entry_id)
    if found.state not in WAITING:
        raise FailedPrecondition("DECIDED", "that was decided before")
    found.decide(AsideState.DROPPED)
    return found


def load_held(session: Session, origin: str, entry_id: UUID) -> tuple[SetAside, bytes]:
    """An entry that may be judged again, and its line."""
    found = load(session, origin, entry_id)
    if found.state is not AsideState.HELD:
        raise FailedPrecondition("NOT_HELD", "only what is held can be judged again")
    if found.line is None:
        raise FailedPrecondition("NOT_KEPT", "what it says is not here any more")
    return found, found.line


def is_newest(session: Session, entry: SetAside) -> bool:
    """Whether its origin has said nothing later on the same subject."""
    later = select(func.count()).where(
        ReceivedEntry.subject == entry.subject,
        ReceivedEntry.origin == entry.origin,
        ReceivedEntry.channel == entry.channel,
        (ReceivedEntry.epoch > entry.epoch)
        | ((ReceivedEntry.epoch == entry.epoch) & (ReceivedEntry.seq > entry.seq)),
    )
    return not session.scalar(later)
