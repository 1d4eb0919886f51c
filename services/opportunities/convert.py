"""Between messages and the values that several aggregates share: consents, places, days, moments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from interchange.common.v1.types_pb2 import Place as PlaceMessage
from interchange.opportunities.v1 import notices_pb2 as pb

from chassis.errors import InvalidArgument
from chassis.timestamps import to_proto as stamp
from services.opportunities.columns import Place
from services.opportunities.consent import Consent


def number(member: int) -> Any:
    """A member as any proto enum's value: our numbers are those of the proto, which a test checks."""
    return member


def moment(at: datetime | None) -> Timestamp | None:
    return stamp(at) if at else None


def day(value: date | None) -> str:
    return value.isoformat() if value else ""


def read_day(text: str, *, field: str) -> date | None:
    """The day in YYYY-MM-DD, None when empty; InvalidArgument BAD_DATE when no calendar has it."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as problem:
        raise InvalidArgument("BAD_DATE", "must be a day of the calendar", field=field) from problem


def place(value: Place | None) -> PlaceMessage | None:
    if value is None:
        return None
    return PlaceMessage(label=value.label, latitude=value.latitude, longitude=value.longitude)


def read_place(message: PlaceMessage) -> Place | None:
    """None when nothing in it is set: such a place says nothing."""
    found = Place(message.label, message.latitude, message.longitude)
    return found if any(found) else None


def consent(value: Consent | None) -> pb.Consent | None:
    if value is None:
        return None
    return pb.Consent(
        text_version=value.text_version,
        method=number(value.method),
        give_time=stamp(value.give_time),
        recorded_by=value.recorded_by,
    )
