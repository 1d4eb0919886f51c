"""What the tables are made of: the base of all entities and the types of their columns."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import JSON, Dialect, Enum, MetaData, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

from chassis import database

Kind = TypeVar("Kind", bound=IntEnum)


class Base(database.Base, DeclarativeBase):
    """Every entity of this service."""

    metadata = MetaData()


def named(kind: type[Kind]) -> Enum:
    """A column that holds the member's name, readable in SQL. Members' numbers are those of the proto."""
    return Enum(kind, native_enum=False, length=30, create_constraint=False)


def resource() -> String:
    """A column that holds a name such as `people/{uuid}` of something that another service owns; empty: none."""
    return String(60)


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
