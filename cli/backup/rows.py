"""Rows of a database as lines of JSON, the same from SQLite and from PostgreSQL, and back into either."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from chassis.bus.tables import inbox, outbox
from chassis.migrations import TABLE as REVISION

PORTION = 500


def tables(connection: sa.Connection) -> Sequence[sa.Table]:
    """All that a service keeps, those that others refer to first."""
    found = sa.MetaData()
    found.reflect(connection)
    for table in found.tables.values():
        for column in table.columns:
            if isinstance(column.type, sa.JSON):
                column.type = sa.JSON(none_as_null=True)
    return [each for each in found.sorted_tables if each.name != REVISION]


def lines(connection: sa.Connection, table: sa.Table) -> Iterator[bytes]:
    """Each row as an object, in the order of its key."""
    select = sa.select(table).order_by(*table.primary_key.columns)
    found = connection.execution_options(yield_per=PORTION).execute(select)
    names = [str(column.name) for column in table.columns]
    for row in found:
        yield orjson.dumps(dict(zip(names, map(_plain, row), strict=True))) + b"\n"


def load(connection: sa.Connection, table: sa.Table, written: Iterable[bytes]) -> int:
    """Insert rows as they were; how many."""
    columns = {column.name: column for column in table.columns}
    insert, number = table.insert(), 0
    given = (
        {name: _value(columns[name], value) for name, value in orjson.loads(line).items()}
        for line in written
    )
    while portion := list(islice(given, PORTION)):
        connection.execute(insert, portion)
        number += len(portion)
    _count_on(connection, table)
    return number


def is_unused(connection: sa.Connection) -> bool:
    """Whether its program has neither told nor heard anything yet: a start alone makes a few rows."""
    news = (outbox, inbox)
    return not any(connection.execute(sa.select(each).limit(1)).first() for each in news)


def clear(connection: sa.Connection) -> None:
    """Delete what migrations and a first start put in."""
    for table in reversed(tables(connection)):
        connection.execute(table.delete())


def _plain(value: Any) -> Any:
    """As JSON has it. What was JSON before, and bytes, say so themselves, for a text may look like either."""
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict | list):
        return {"json": value}
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return _utc(value).isoformat(timespec="microseconds")
    return value


def _value(column: sa.Column[Any], value: Any) -> Any:
    if isinstance(value, dict):
        return value["json"] if "json" in value else base64.b64decode(value["bytes"])
    if isinstance(column.type, sa.Date) and value:
        return date.fromisoformat(value)
    if isinstance(column.type, sa.DateTime) and value:
        moment = datetime.fromisoformat(value)
        return moment if column.type.timezone else moment.replace(tzinfo=None)
    return UUID(value) if isinstance(column.type, sa.Uuid) and value else value


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _count_on(connection: sa.Connection, table: sa.Table) -> None:
    """PostgreSQL numbers from where the rows end; SQLite does so by itself."""
    for column in table.primary_key.columns:
        if connection.dialect.name == "postgresql" and isinstance(column.type, sa.Integer):
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            highest = sa.select(sa.func.max(column)).scalar_subquery()
            connection.execute(
                sa.select(sa.func.setval(sequence, highest)).where(sequence.is_not(None))
            )
