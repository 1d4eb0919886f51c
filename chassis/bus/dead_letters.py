"""What a consumer gave up on: kept where an operator sees it, handed over again when asked."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from interchange.common.v1.dead_letters_pb2 import DeadLetter
from sqlalchemy import ColumnElement, Row, Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chassis.bus import outbox
from chassis.bus.envelope import EventMeta
from chassis.bus.tables import dead_letter
from chassis.clock import now
from chassis.database import new_id
from chassis.names import format_name
from chassis.timestamps import to_proto as stamp

LONGEST_DETAIL = 1000


class Reason(StrEnum):
    """Why an event was given up."""

    PERMANENT = "permanent"  # it can never be handled
    GAVE_UP = "gave_up"  # it was tried as often as events are


STATE: ColumnElement[str] = dead_letter.c.state
WAITING = (
    select(func.count())
    .select_from(dead_letter)
    .where(dead_letter.c.state == DeadLetter.State.Name(DeadLetter.WAITING))
)

Letter = Row[tuple[object, ...]]


def keep(
    session: Session,
    *,
    program: str,
    subject: str,
    headers: Mapping[str, str],
    payload: bytes,
    deliveries: int,
    reason: Reason,
    problem: Exception,
) -> None:
    """Write the letter and announce it as `dlq.<program>.<reason>`. One letter for each event."""
    letter = {
        "id": new_id(),
        "consumer": program,
        # What came without an id is kept all the same.
        "event_id": EventMeta.read(headers).id or new_id().hex,
        "subject": subject,
        "headers": dict(headers),
        "payload": payload,
        "reason": reason,
        "detail": describe(problem),
        "deliveries": deliveries,
        "created_at": now(),
        "state": DeadLetter.State.Name(DeadLetter.WAITING),
    }
    fresh = {key: letter[key] for key in ("reason", "detail", "deliveries", "created_at", "state")}
    statement = upsert(dead_letter).values(letter)
    kept = session.execute(
        statement.on_conflict_do_update(
            index_elements=["consumer", "event_id"], set_=fresh
        ).returning(dead_letter)
    ).one()
    outbox.store(session, f"dlq.{program}.{reason}", to_proto(kept, program))


def describe(problem: Exception) -> str:
    """What failed and where. Not the error's own text, which may quote what is in the database."""
    frames = traceback.extract_tb(problem.__traceback__)
    place = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    said = f": {problem}" if type(problem).__name__ == "Permanent" else ""
    return f"{type(problem).__name__}{place}{said}"[:LONGEST_DETAIL]


def listing(state: DeadLetter.State.ValueType) -> Select[UUID]:
    """The letters' ids, of one state or all."""
    every: Select[UUID] = select(dead_letter.c.id)
    wanted = DeadLetter.State.Name(state)
    return every.where(STATE.in_([wanted])) if state else every


def load(session: Session, identifier: UUID) -> Letter | None:
    """One letter, locked until the transaction ends."""
    return session.execute(
        select(dead_letter).where(dead_letter.c.id == identifier).with_for_update()
    ).one_or_none()


def mark(session: Session, identifier: UUID, state: DeadLetter.State.ValueType) -> None:
    session.execute(
        update(dead_letter)
        .where(dead_letter.c.id == identifier)
        .values(state=DeadLetter.State.Name(state))
    )


def forget_decided(session: Session, *, before: datetime) -> None:
    """Delete what was replayed or dropped: it names people by their ids, and nobody waits for it."""
    is_decided = STATE.not_in([DeadLetter.State.Name(DeadLetter.WAITING)])
    session.execute(delete(dead_letter).where(is_decided, dead_letter.c.created_at < before))


def to_proto(letter: Letter, program: str) -> DeadLetter:
    return DeadLetter(
        name=format_name("programs", program, "deadLetters", letter.id),
        event_id=letter.event_id,
        subject=letter.subject,
        reason=letter.reason,
        detail=letter.detail,
        deliveries=letter.deliveries,
        create_time=stamp(letter.created_at),
        state=DeadLetter.State.Value(letter.state),
    )
