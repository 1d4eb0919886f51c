"""Between messages and the plain values of entities: members of enums, moments, days, places."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from chassis import places, timestamps
from chassis.errors import InvalidArgument

place = places.to_proto
read_place = places.from_proto

WELSH_MONTHS = (
    *("Ionawr", "Chwefror", "Mawrth", "Ebrill", "Mai", "Mehefin"),
    *("Gorffennaf", "Awst", "Medi", "Hydref", "Tachwedd", "Rhagfyr"),
)


def number(member: int) -> Any:
    """A member as any proto enum's value: our numbers are those of the proto, which a test checks."""
    return member


def moment(at: datetime | None) -> Timestamp | None:
    """None for none."""
    return timestamps.to_proto(at) if at else None


def day(value: date | None) -> str:
    """YYYY-MM-DD; empty for none."""
    return value.isoformat() if value else ""


def read_day(text: str, *, field: str) -> date | None:
    """The day in YYYY-MM-DD, None when empty; InvalidArgument BAD_DATE when no calendar has it."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as problem:
        raise InvalidArgument("BAD_DATE", "must be a day of the calendar", field=field) from problem


def spelt(value: date, language: str = "en") -> str:
    """As people write a day, in English or Welsh: 1 February 2027, 1 Chwefror 2027."""
    month = WELSH_MONTHS[value.month - 1] if language == "cy" else f"{value:%B}"
    return f"{value.day} {month} {value.year}"
