"""The relay: takes events from the outbox, in order, to the stream, and marks them once they are on disk there."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from threading import Event, Thread
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanKind
from sqlalchemy import Connection, Row, delete, func, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from chassis import metrics, tracing
from chassis.bus import dead_letters
from chassis.bus.connection import ALREADY_STORED, Bus, BusError, Outgoing
from chassis.bus.outbox import bells
from chassis.bus.tables import inbox, outbox
from chassis.clock import now
from chassis.database import Database

BATCH = 500  # the server takes at most 1000 messages in one atomic batch
AT_ONCE = 5 * BATCH  # taken from the outbox, and marked, in one go
# For each batch the server makes a stream of its own on disk and takes it away again, ten waits for the disk
# and some eighty calls: what a change has to say is sooner there by itself.
FEW = 3
BATCH_BYTES = 4 * 1024 * 1024
AT_ONCE_BYTES = 2 * BATCH_BYTES
# A commit of this process rings; the poll is for what another process wrote, and for what was left.
POLL_S = 0.25
RETRY_S = (0.25, 0.5, 1.0, 2.0, 5.0)
PURGE_EVERY_S = 3600.0
KEEP_PUBLISHED = timedelta(days=7)
KEEP_HANDLED = timedelta(days=15)  # longer than the stream keeps an event
KEEP_DECIDED = timedelta(
    days=30
)  # dead letters that were replayed or dropped; those that wait stay
LOCK = 0x696E_7465_7263  # the advisory lock "one relay for each database"

log = structlog.get_logger(__name__)


class Relay:
    """Runs beside the server, one active for each database: order would be lost with several."""

    def __init__(self, database: Database, bus: Bus, program: str) -> None:
        self._database = database
        self._bus = bus
        self._program = program
        self._bell = Event()
        self._stopping = False
        self._failures = 0
        self._purged_at = time.monotonic()
        self._turn = Turn(database)
        self._thread = Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        bells.add(self._bell)
        self._bell.set()  # for what was left the last time
        self._thread.start()

    def stop(self) -> None:
        """End after the batch in work. What is left stays in the outbox."""
        self._stopping = True
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join()
        self._turn.end()

    def _run(self) -> None:
        while not self._stopping:
            self._bell.wait(POLL_S)
            self._bell.clear()
            try:
                self._drain()
                self._failures = 0
            except (BusError, SQLAlchemyError) as problem:
                self._wait_after(problem)
            except Exception as problem:  # a relay that died would be missed too late
                log.error("relay_broke", exc_info=problem)
                self._wait_after(problem)

    def _wait_after(self, problem: Exception) -> None:
        wait_s = RETRY_S[min(self._failures, len(RETRY_S) - 1)]
        self._failures += 1
        metrics.relay_failures.inc()
        log.warning("relay_failed", error=type(problem).__name__, again_in_s=wait_s)
        deadline = time.monotonic() + wait_s
        while not self._stopping and time.monotonic() < deadline:
            time.sleep(0.05)

    def _drain(self) -> None:
        if not self._turn.is_ours():
            return
        while not self._stopping and self._once():
            pass
        if time.monotonic() > self._purged_at + PURGE_EVERY_S:
            self._purge()

    def _once(self) -> bool:
        """Publish what waits, some batches at most; whether more may wait."""
        with self._database.read() as session:
            rows, is_all = _taken(session.execute(WAITING))
            self._measure(rows, len(rows) if is_all else session.scalar(DEPTH) or 0)
        done: list[int] = []
        try:
            # A batch goes to one stream; order matters within a stream only.
            for _, same in groupby(sorted(rows, key=_stream), key=_stream):
                for batch in _portions(list(same)):
                    self._publish(batch)
                    done += [row.pos for row in batch]
        finally:
            self._mark(done)
        return not is_all

    def _publish(self, rows: Sequence[Row[Any]]) -> None:
        with Producers(rows) as messages:
            try:
                if len(messages) > FEW:
                    return self._bus.publish_batch(messages)
            except BusError as problem:
                if problem.code != ALREADY_STORED:
                    raise
            # Also when we died between the stream's word and our mark: those it has, it says so of.
            for message in messages:
                self._bus.publish(message)

    def _mark(self, done: Sequence[int]) -> None:
        if not done:
            return
        at = now()
        with self._database.begin() as session:
            for first, last in _runs(sorted(done)):
                published = outbox.c.pos.between(first, last)
                session.execute(update(outbox).where(published).values(published_at=at))
        metrics.relayed.inc(len(done))

    def _measure(self, rows: Sequence[Row[Any]], depth: int) -> None:
        metrics.outbox_depth.set(depth)
        age = (now() - rows[0].created_at).total_seconds() if rows else 0.0
        metrics.outbox_age.set(max(age, 0.0))

    def _purge(self) -> None:
        """Forget what everybody has had for long."""
        self._purged_at = time.monotonic()
        with self._database.begin() as session:
            session.execute(delete(outbox).where(outbox.c.published_at < now() - KEEP_PUBLISHED))
            session.execute(delete(inbox).where(inbox.c.at < now() - KEEP_HANDLED))
            dead_letters.forget_decided(session, before=now() - KEEP_DECIDED)


# By flag, never by "after the last one": numbers are given before the commit, so one may come late.
# Rows come in portions: events may be a hundred bytes or fifty thousand.
WAITING = (
    select(outbox)
    .where(outbox.c.published_at.is_(None))
    .order_by(outbox.c.pos)
    .limit(AT_ONCE)
    .execution_options(yield_per=100)
)
DEPTH = select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))


def _taken(waiting: Iterable[Row[Any]]) -> tuple[list[Row[Any]], bool]:
    """The first of what waits, as far as we want them in memory; whether that is all."""
    rows: list[Row[Any]] = []
    size = 0
    for row in waiting:
        rows.append(row)
        size += len(row.payload)
        if size >= AT_ONCE_BYTES:
            return rows, False
    return rows, len(rows) < AT_ONCE


def _stream(row: Row[Any]) -> str:
    return str(row.subject.partition(".")[0])


def _portions(rows: Sequence[Row[Any]]) -> Iterator[list[Row[Any]]]:
    portion: list[Row[Any]] = []
    size = 0
    for row in rows:
        if len(portion) == BATCH or (portion and size + len(row.payload) > BATCH_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(row)
        size += len(row.payload)
    if portion:
        yield portion


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each stretch without a gap: a gap may be a row that commits later."""
    first = last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            yield first, last
            first = number
        last = number
    yield first, last


class Producers:
    """A producer span for each event of a traced change, from the handing over to the stream's word."""

    def __init__(self, rows: Sequence[Row[Any]]) -> None:
        self._rows = rows
        self._spans: list[trace.Span] = []

    def __enter__(self) -> list[Outgoing]:
        return [self._message(row) for row in self._rows]

    def __exit__(self, *_: object) -> None:
        for span in self._spans:
            span.end()

    def _message(self, row: Row[Any]) -> Outgoing:
        message = Outgoing(row.subject, row.payload, row.headers)
        caused_by = tracing.parse(row.headers.get(tracing.TRACEPARENT, ""))
        if not tracing.is_on() or caused_by is None or not caused_by.trace_flags.sampled:
            return message
        span = tracing.tracer.start_span(
            f"send {row.subject}",
            context=trace.set_span_in_context(NonRecordingSpan(caused_by), tracing.EMPTY),
            kind=SpanKind.PRODUCER,
            attributes={
                "messaging.system": "nats",
                "messaging.operation.type": "send",
                "messaging.destination.name": row.subject,
                "messaging.message.id": str(row.event_id),
            },
        )
        self._spans.append(span)
        traceparent = tracing.render(span.get_span_context())
        return replace(message, headers={**row.headers, tracing.TRACEPARENT: traceparent})


class Turn:
    """Whether this process may relay. On PostgreSQL a session lock says so; an SQLite file has one program."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def is_ours(self) -> bool:
        if self._database.is_sqlite:
            return True
        if self._connection is None:
            return self._try()
        try:
            self._connection.execute(text("SELECT 1"))  # the lock lasts as long as the connection
            return True
        except SQLAlchemyError:
            self.end()
            raise

    def _try(self) -> bool:
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}):
            self._connection = connection
            return True
        connection.close()
        return False

    def end(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()  # a pooled connection would keep the lock
            self._connection.close()
            self._connection = None
