"""A consumer: handles each event and marks it in one transaction, then tells the stream."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from threading import Thread

import structlog
from nats.aio.msg import Msg
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis import metrics
from chassis.bus import dead_letters, lanes
from chassis.bus.connection import ACK, NAK, NO_TURNS, TERM, Arrivals, Bus, BusError
from chassis.bus.handling import Arrived, Handlers, Handling, Permanent
from chassis.database import Database

STREAM = "EVT"
BATCH = 100
WAIT_S = 1.0  # also how late we notice that we should stop
CAUGHT_UP_S = 0.5  # so long nothing comes after the start: what waited for us is handled
AWAY_S = 0.5
# Each lane, while who works behind us looks once: enough for it, and not more than others can wait for.
A_TURN = 4
DELIVERIES = 6
RETRY_S = 2.0  # doubled with each delivery
LONGEST_RETRY_S = 300.0
DATABASE_RETRY_S = 2.0
DATABASE_AWAY = (OperationalError, PoolTimeout)

log = structlog.get_logger(__name__)


class Consumer:
    """Runs beside the server. Its durable consumer was made before and is named after the program.

    An event that fails is tried again, later each time, while others pass; after six deliveries, or
    at once when its handler raises `Permanent`, it becomes a dead letter. While the database is away
    nothing is given up. Handlers must bear being run again: what failed was rolled back.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        program: str,
        handlers: Handlers,
        *,
        retry_s: float = RETRY_S,
        on_lanes: bool = False,
        turn: Callable[[], int] = lambda: NO_TURNS,
    ) -> None:
        """`on_lanes`: hears what comes on lanes, an event a transaction, and nothing else.

        `turn` counts how often who works behind us has looked: till then a lane has a few events, and what
        it has more waits in it, and in nobody's way.
        """
        self._database = database
        self._bus = bus
        self._program = program
        self._handling = Handling(program, handlers)
        self._retry_s = retry_s
        self._durables = lanes.durables(program) if on_lanes else [program]
        self._at_once = 1 if on_lanes else BATCH
        self._turn = turn
        self._stopping = False
        self.has_caught_up = False  # with what waited when we started
        self._thread = Thread(target=self._run, name="consumer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after the batch in work; what was taken and not handled comes again."""
        self._stopping = True
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        arrivals: Arrivals | None = None
        while not self._stopping:
            try:
                arrivals = arrivals or self._bus.pull(STREAM, self._durables, a_turn=A_TURN)
                if messages := arrivals.take(self._at_once, self._wait_s, turn=self._turn()):
                    self._handle(messages)
                elif arrivals.is_refused:
                    time.sleep(AWAY_S)
                elif not arrivals.is_held:
                    self.has_caught_up = True
            except BusError as problem:
                log.warning("consumer_waits", error=type(problem).__name__)
                time.sleep(AWAY_S)
            except Exception as problem:  # who hears no more must not look as if all was well
                log.error("consumer_failed", exc_info=problem)
                time.sleep(AWAY_S)

    @property
    def _wait_s(self) -> float:
        return WAIT_S if self.has_caught_up else CAUGHT_UP_S

    def _handle(self, messages: Sequence[Msg]) -> None:
        """All in one transaction; when one of them fails, each in its own."""
        try:
            with self._database.begin() as session:
                self._handling.apply_all(session, list(map(_arrived, messages)))
        except Exception as problem:
            if len(messages) > 1:
                return self._handle_each(messages)
            return self._failed(messages[0], problem)
        self._bus.send_all([(message.reply, ACK) for message in messages])
        metrics.consumed.labels("handled").inc(len(messages))
        last = messages[-1].metadata
        metrics.consumer_pending.labels(last.consumer).set(last.num_pending)

    def _handle_each(self, messages: Sequence[Msg]) -> None:
        for message in messages:
            self._handle([message])

    def _failed(self, message: Msg, problem: Exception) -> None:
        deliveries = message.metadata.num_delivered
        log.error("event_failed", subject=message.subject, deliveries=deliveries, exc_info=problem)
        if _is_database_away(problem):
            return self._again(message, DATABASE_RETRY_S)
        if isinstance(problem, Permanent):
            return self._give_up(message, dead_letters.Reason.PERMANENT, problem)
        if deliveries >= DELIVERIES:
            return self._give_up(message, dead_letters.Reason.GAVE_UP, problem)
        self._again(message, min(self._retry_s * 2 ** (deliveries - 1), LONGEST_RETRY_S))

    def _again(self, message: Msg, delay_s: float) -> None:
        # Never a bare refusal: the server would send it again at once, six times in milliseconds.
        delay = json.dumps({"delay": int(delay_s * 1e9)}).encode()
        self._bus.send(message.reply, NAK + b" " + delay)
        metrics.consumed.labels("failed").inc()

    def _give_up(self, message: Msg, reason: dead_letters.Reason, problem: Exception) -> None:
        try:
            with self._database.begin() as session:
                dead_letters.keep(
                    session,
                    program=self._program,
                    subject=message.subject,
                    headers=message.headers or {},
                    payload=message.data,
                    deliveries=message.metadata.num_delivered,
                    reason=reason,
                    problem=problem,
                )
        except SQLAlchemyError:  # also when the pool has no connection left
            return self._again(message, DATABASE_RETRY_S)
        self._bus.send(message.reply, TERM)
        metrics.consumed.labels("dead").inc()


def _arrived(message: Msg) -> Arrived:
    return message.subject, message.headers or {}, message.data


def _is_database_away(problem: Exception) -> bool:
    return isinstance(problem, DATABASE_AWAY)
