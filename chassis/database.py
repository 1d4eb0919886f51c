"""One database a service: SQLite where it is embedded, PostgreSQL in production, one way to begin a transaction."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock
from typing import Any, dataclass_transform
from uuid import UUID

import orjson
from sqlalchemy import DateTime, Dialect, Engine, TypeDecorator, create_engine, event
from sqlalchemy.orm import MappedAsDataclass, Session, mapped_column, sessionmaker
from sqlalchemy.pool import QueuePool

from chassis import metrics, telemetry

BUSY_TIMEOUT_MS = 5_000
STATEMENT_TIMEOUT_MS = 10_000
POOL_SIZE = 10
# Set on sessions, read by the connection's "begin" hook.
WRITES = "interchange_writes"
AFTER_COMMIT = "interchange_after_commit"
# JSON columns five times as fast as with the standard library.
JSON: dict[str, Any] = {
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}


@dataclass_transform(kw_only_default=True, field_specifiers=(mapped_column,))
class Base(MappedAsDataclass, kw_only=True):
    """What entities inherit, through a base of their own service: `class Base(database.Base, DeclarativeBase)`.

    Each service's has its own metadata and its own names: two services may have an Organisation.
    """


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware datetimes in, aware UTC datetimes out. A naive one is a mistake and raises ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is UTC:
            return value
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _measure(engine: Engine, size: int) -> None:
    """Show how many connections are in work, when somebody asks."""
    pool = engine.pool
    if isinstance(pool, QueuePool):
        metrics.database_pool.set(size)
        metrics.database_in_use.set_function(pool.checkedout)


_last_id = 0
_id_lock = Lock()


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): its order is the order of making, within this process without exception."""
    global _last_id
    random = int.from_bytes(os.urandom(10))
    milliseconds = time.time_ns() // 1_000_000
    value = (
        milliseconds << 80
        | 7 << 76
        | (random >> 68 & 0xFFF) << 64
        | 2 << 62
        | random & (1 << 62) - 1
    )
    with _id_lock:
        if (
            value <= _last_id
        ):  # same millisecond: one more, and the version and variant still in place
            value = _last_id + 1
        _last_id = value
    return UUID(int=value)


class Database:
    """An engine and the two ways to use it: `begin()` to change, `read()` to look."""

    def __init__(self, url: str, *, pool_size: int = POOL_SIZE) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _sqlite(url) if self.is_sqlite else _postgresql(url, pool_size)
        telemetry.instrument_engine(self.engine)
        _measure(self.engine, pool_size)
        self._writer = Lock()
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction that may write: commits at the end, rolls back when the block raises."""
        with self._sessions(info={WRITES: True}) as session:
            with self._turn(), session.begin():
                if self.is_sqlite:
                    session.connection(execution_options={WRITES: True})
                yield session
            for hook in session.info.get(AFTER_COMMIT, ()):
                hook()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """SQLite has one writer at a time. Ours queue here, for it lets them sleep and try again."""
        if not self.is_sqlite:
            yield
            return
        is_ours = self._writer.acquire(timeout=BUSY_TIMEOUT_MS / 1000)
        try:
            yield
        finally:
            if is_ours:
                self._writer.release()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads, and sees one state of the database throughout."""
        with self._sessions() as session:
            yield session

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def after_commit(session: Session, hook: Callable[[], None]) -> None:
    """Call `hook` once the session's transaction is durable; not at all when it rolls back."""
    hooks: list[Callable[[], None]] = session.info.setdefault(AFTER_COMMIT, [])
    if hook not in hooks:
        hooks.append(hook)


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, **JSON)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:
        connection.isolation_level = (
            None  # transactions begin where we say, not where sqlite3 guesses
        )
        for pragma in (
            "journal_mode = WAL",
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "foreign_keys = ON",
            "synchronous = FULL",  # NORMAL may lose the last commits in a power cut
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A reader that turns writer in mid-transaction would be refused; a writer says so at once.
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: str, pool_size: int) -> Engine:
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        **JSON,
        connect_args={"options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=utc"},
    )
