"""Moments between Python and proto."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import InvalidArgument

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_S = 86_400


def to_proto(moment: datetime) -> Timestamp:
    """An aware datetime as Timestamp."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    since = moment - EPOCH
    return Timestamp(seconds=since.days * DAY_S + since.seconds, nanos=since.microseconds * 1000)


def from_proto(stamp: Timestamp, *, field: str = "") -> datetime:
    """The moment in UTC; InvalidArgument BAD_TIME when no calendar has it."""
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as problem:
        raise InvalidArgument(
            "BAD_TIME", "must be a moment between the years 1 and 9999", field=field
        ) from problem


def optional(message: Message, field: str) -> datetime | None:
    """The moment in a Timestamp field, None when it is not set."""
    return from_proto(getattr(message, field), field=field) if message.HasField(field) else None
