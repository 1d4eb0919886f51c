"""What the tables are made of: the base of all entities and the types of their columns."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import JSON, Dialect, Enum, MetaData, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

from chassis import database

Kind = TypeVar("Kind", bound=IntEnum)


class Base(database.Base, DeclarativeBase):
    """Every entity of this service."""

    metadata = MetaData()


def named(kind: type[Kind]) -> Enum:
    """A column that holds the member's name, readable in SQL. Members' numbers are those of the proto."""
    return Enum(kind, native_enum=False, length=30, create_constraint=False)


class Place(NamedTuple):
    """Where something is: words, degrees north, degrees east."""

    label: str
    latitude: float
    longitude: float


class PlaceType(TypeDecorator[Place]):
    """A place as JSON: it is shown, never searched by."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Place | None, dialect: Dialect) -> list[Any] | None:
        return list(value) if value else None

    def process_result_value(self, value: list[Any] | None, dialect: Dialect) -> Place | None:
        return Place(*value) if value else None


class Rows(TypeDecorator[tuple[Any, ...]]):
    """A few named tuples of one kind as JSON: read and written with their owner, never searched by."""

    impl = JSON
    cache_ok = True

    def __init__(self, kind: type[Any]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(
        self, value: Iterable[tuple[Any, ...]] | None, dialect: Dialect
    ) -> list[list[Any]]:
        return [list(each) for each in value or ()]

    def process_result_value(self, value: list[Any] | None, dialect: Dialect) -> tuple[Any, ...]:
        return tuple(self.kind(*each) for each in value or ())
