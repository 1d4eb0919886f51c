"""What the tables are made of: the base of all entities and the types of their columns."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, TypeVar

from sqlalchemy import Enum, MetaData, String
from sqlalchemy.orm import DeclarativeBase

from chassis import database

Kind = TypeVar("Kind", bound=IntEnum)


class Base(database.Base, DeclarativeBase):
    """Every entity of this service."""

    metadata = MetaData()


def named(kind: type[Kind]) -> Enum:
    """A column that holds the member's name, readable in SQL. Members' numbers are those of the proto."""
    return Enum(kind, native_enum=False, length=30, create_constraint=False)


def number(member: int) -> Any:
    """A member as any proto enum's value: our numbers are those of the proto, which a test checks."""
    return member


def resource() -> String:
    """A column that holds the name of something that another service owns; empty: none."""
    return String(200)


def template() -> String:
    """A column that holds the name of a template."""
    return String(50)


def event() -> String:
    """A column that holds the id of what caused a row: an event, or a digest's period."""
    return String(100)
