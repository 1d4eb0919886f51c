"""One moment of several databases: what one program told another is in both or in neither."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import sqlalchemy as sa

from chassis.database import WRITES, Database

# Programs wait for us this long at most in each database: well below what makes a call of theirs fail.
HOLD_TIMEOUT_MS = 1_000
TRIES = 20
AGAIN_AFTER_S = 0.5


class NeverAtRest(Exception):
    """Some program wrote without a pause; the message says what to do."""


@contextmanager
def frozen(
    databases: Mapping[str, Database], at_rest: Callable[[], None]
) -> Iterator[Mapping[str, sa.Connection]]:
    """Connections that all see the same moment, for as long as the block takes; programs go on meanwhile.

    For some milliseconds nobody can tell or hear anything, and `at_rest` is called then: what it sees
    of the bus is of the same moment.
    """
    with ExitStack() as stack:
        yield _patiently(databases, at_rest, stack)


def _patiently(
    databases: Mapping[str, Database], at_rest: Callable[[], None], stack: ExitStack
) -> Mapping[str, sa.Connection]:
    for _ in range(TRIES):
        with ExitStack() as attempt:
            try:
                connections = _see(databases, at_rest, attempt)
            except sa.exc.OperationalError:
                time.sleep(AGAIN_AFTER_S)
                continue
            stack.push(attempt.pop_all())
            return connections
    raise NeverAtRest("some program writes without a pause: try again, or stop the region first")


def _see(
    databases: Mapping[str, Database], at_rest: Callable[[], None], stack: ExitStack
) -> Mapping[str, sa.Connection]:
    with ExitStack() as held:
        for database in databases.values():
            held.enter_context(_held(database))
        connections = {
            name: stack.enter_context(_seeing(database)) for name, database in databases.items()
        }
        at_rest()
    return connections


@contextmanager
def _held(database: Database) -> Iterator[None]:
    """Nobody writes an event down, or marks one as handled or published."""
    with database.engine.connect().execution_options(**{WRITES: True}) as connection:
        if database.is_sqlite:  # it has one writer, and that is us
            _driver(connection).execute(f"PRAGMA busy_timeout = {HOLD_TIMEOUT_MS}")
            connection.begin()
        else:
            connection.execute(sa.text(f"SET LOCAL lock_timeout = {HOLD_TIMEOUT_MS}"))
            connection.execute(sa.text("LOCK TABLE outbox, inbox IN SHARE MODE"))
        yield


@contextmanager
def _seeing(database: Database) -> Iterator[sa.Connection]:
    """A transaction that sees this moment until its end."""
    with database.engine.connect() as connection:
        if not database.is_sqlite:  # there every transaction sees one moment
            connection.execution_options(isolation_level="REPEATABLE READ")
        connection.scalar(sa.text("SELECT count(*) FROM alembic_version"))
        yield connection


def _driver(connection: sa.Connection) -> Any:
    return connection.connection.dbapi_connection
