"""What a partner tells us, taken over: each record once, the later word wins, and none wins over its owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from chassis.errors import FailedPrecondition
from services.opportunities.partner_records import (
    taking_actions,
    taking_decisions,
    taking_exchanges,
    taking_interests,
)
from services.opportunities.partner_records.told import Told
from services.opportunities.partners import positions

TAKERS: Mapping[str, Callable[[Session, Told], str]] = {
    "interest": taking_interests.take,
    "decision": taking_decisions.take,
    "exchange": taking_exchanges.take,
    "action": taking_actions.take,
}


@dataclass(frozen=True, slots=True)
class Position:
    """Where a word stands in the log of who said it."""

    epoch: int
    sequence: int


def take(session: Session, told: Told, position: Position) -> None:
    """Take it over, unless a later word was taken. FailedPrecondition when it never can be."""
    content = told.record.WhichOneof("content")
    if content is None:
        raise FailedPrecondition("UNKNOWN_CONTENT", "the record says nothing that we understand")
    if told.expire_time and told.expire_time <= told.at:
        raise FailedPrecondition("EXPIRED", "the record's time is over")
    name = told.record.record
    if positions.move(session, told.region, name, epoch=position.epoch, sequence=position.sequence):
        positions.become(session, told.region, name, _taken(session, told, content))


def _taken(session: Session, told: Told, content: str) -> str:
    try:
        return TAKERS[content](session, told)
    except ValueError as problem:  # a member of an enum, or a moment, that we don't know
        raise FailedPrecondition(
            "UNKNOWN_VALUE", "the record holds a value that we don't know"
        ) from problem
