"""Types of columns that several services have."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, TypeVar

from sqlalchemy import JSON, Dialect, Enum, TypeDecorator

from chassis.places import Place

Kind = TypeVar("Kind", bound=IntEnum)


def named(kind: type[Kind]) -> Enum:
    """A column that holds the member's name, readable in SQL. Members' numbers are those of the proto."""
    return Enum(kind, native_enum=False, length=30, create_constraint=False)


class PlaceType(TypeDecorator[Place]):
    """A place as JSON: it is shown, never searched by."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Place | None, dialect: Dialect) -> list[Any] | None:
        return list(value) if value else None

    def process_result_value(self, value: list[Any] | None, dialect: Dialect) -> Place | None:
        return Place(*value) if value else None
