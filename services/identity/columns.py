"""What the tables are made of: the base of all entities and the types of their columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import JSON, Dialect, MetaData, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

from chassis import database


class Base(database.Base, DeclarativeBase):
    """Every entity of this service."""

    metadata = MetaData()


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
