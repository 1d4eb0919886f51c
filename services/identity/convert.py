"""Between messages and the values that several aggregates share: numbers, moments, names."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.names import format_name
from chassis.timestamps import to_proto as stamp


def number(member: int) -> Any:
    """A member as any proto enum's value: our numbers are those of the proto, which a test checks."""
    return member


def moment(at: datetime | None) -> Timestamp | None:
    return stamp(at) if at else None


def organisation_name(identifier: UUID | None) -> str:
    """Empty for none."""
    return format_name("organisations", identifier) if identifier else ""


def person_name(identifier: UUID) -> str:
    return format_name("people", identifier)
