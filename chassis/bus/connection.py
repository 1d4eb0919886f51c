"""The one place with asyncio: a NATS connection in a thread of its own, behind a blocking face."""

from __future__ import annotations

import asyncio
import json
import queue
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Self, TypeVar

import nats
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from chassis.config import Config
from chassis.database import new_id

CONNECT_WITHIN_S = 30.0
REQUEST_WITHIN_S = 5.0
CLOSE_WITHIN_S = 3.0
# How long a standing request stands. Many of them, mostly at rest, should not keep us busy.
EXPIRES_S = 5.0
SEVERAL_EXPIRE_S = 30.0
# Of several, one that has had its turn is asked again so soon.
HELD_S = 0.005
# Nothing is queued while the server is away: what was not sent then is not sent twice later.
NO_QUEUE = -1
# It is nobody's turn: who has asked for one message has it whenever it comes.
NO_TURNS = -1
ALREADY_STORED = (
    10201  # a message of the batch is in the stream already: the whole batch is refused
)
STATUS = "Status"
ENDED = ("404", "408")  # nothing there, or time is up
NAK, ACK, TERM = b"-NAK", b"+ACK", b"+TERM"

log = structlog.get_logger(__name__)
Result = TypeVar("Result")


class BusError(Exception):
    """The bus refused, or did not answer. `code` is JetStream's error code, 0 when there was no answer."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish."""

    subject: str
    payload: bytes
    headers: Mapping[str, str]


class Bus:
    """A connection to the region's NATS as one program. Blocking; safe to use from several threads."""

    def __init__(
        self,
        url: str,
        *,
        name: str,
        seed_file: Path | None = None,
        authority_file: Path | None = None,
    ) -> None:
        """With an `authority_file` (PEM) only a server whose certificate it vouches for is talked to."""
        self._url, self._name, self._seed_file = url, name, seed_file
        self._authority_file = authority_file
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="nats", daemon=True)
        self._client = Client()
        self._on_reconnect: list[Callable[[], None]] = []

    @classmethod
    def connect(cls, config: Config) -> Self:
        """Connect as the program that `config` names; raises BusError when the server stays away for 30 s."""
        bus = cls(
            config.nats_url,
            name=config.program,
            seed_file=config.nats_seed_file,
            authority_file=config.nats_authority_file,
        )
        bus.open()
        return bus

    def open(self, within_s: float = CONNECT_WITHIN_S) -> None:
        """Start the loop's thread and connect."""
        self._thread.start()
        try:
            self._run(self._connect(), within_s)
        except BusError as problem:
            self.close()
            raise BusError(f"no connection to {self._url}") from problem

    def close(self) -> None:
        """Disconnect and end the thread, in bounded time."""
        if not self._thread.is_alive():
            return
        with suppress(Exception):
            self._run(self._client.close(), CLOSE_WITHIN_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_WITHIN_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_connected(self) -> bool:
        """Whether the server is there just now."""
        return bool(self._client.is_connected)

    def publish(self, message: Outgoing) -> None:
        """Publish one message; returns when the stream has it on disk. A duplicate is a success."""
        _acknowledged(self._run(self._request(message, message.headers), REQUEST_WITHIN_S + 1))

    def publish_batch(self, messages: Sequence[Outgoing]) -> None:
        """Publish all or none, in order; returns when the stream has them on disk. At most 1000, one stream."""
        _acknowledged(self._run(self._batch(messages), REQUEST_WITHIN_S + 1))

    def request(self, subject: str, body: Mapping[str, Any]) -> Any:
        """Ask JetStream's API; raises BusError when it refuses."""
        message = Outgoing(subject, json.dumps(body).encode(), {})
        answer = self._run(self._request(message, {}), REQUEST_WITHIN_S + 1)
        return _checked(json.loads(answer.data))

    def ask(self, subject: str) -> Any:
        """Ask a question of the server's own; the answer is JSON."""
        answer = self._run(self._request(Outgoing(subject, b"", {}), {}), REQUEST_WITHIN_S + 1)
        return json.loads(answer.data)

    def pull(self, stream: str, durables: Sequence[str], *, a_turn: int = 1) -> Arrivals:
        """Messages of durable consumers that exist already."""
        expires_s = EXPIRES_S if len(durables) == 1 else SEVERAL_EXPIRE_S
        arrivals = Arrivals([Pull(self, stream, each, expires_s) for each in durables], a_turn)
        for pull in arrivals.pulls:
            self._run(pull.subscribe(self._client, self._name, arrivals.put), REQUEST_WITHIN_S)
            self._on_reconnect.append(pull.forget)
        return arrivals

    def send(self, subject: str, payload: bytes, reply: str = "") -> None:
        """Send without waiting for an answer; for acknowledgements and pull requests."""
        self._run(self._client.publish(subject, payload, reply), REQUEST_WITHIN_S)

    def send_all(self, sends: Sequence[tuple[str, bytes]]) -> None:
        """Send several acknowledgements in one go."""

        async def each() -> None:
            for subject, payload in sends:
                await self._client.publish(subject, payload)

        self._run(each(), REQUEST_WITHIN_S)

    def _run(self, work: Awaitable[Result], within_s: float) -> Result:
        async def bounded() -> Result:
            return await asyncio.wait_for(work, within_s)

        future: Future[Result] = asyncio.run_coroutine_threadsafe(bounded(), self._loop)
        try:
            return future.result(within_s + 1)
        except (TimeoutError, nats.errors.Error) as problem:
            raise BusError(f"no answer: {type(problem).__name__}") from problem

    async def _connect(self) -> None:
        await self._client.connect(
            self._url,
            name=self._name,
            nkeys_seed=str(self._seed_file) if self._seed_file else None,
            tls=self._tls(),
            inbox_prefix=f"_INBOX_{self._name}",
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,  # type: ignore[arg-type]  # the annotation says int, the code sleeps floats
            ping_interval=10,
            pending_size=NO_QUEUE,
            error_cb=self._failed,
            disconnected_cb=self._disconnected,
            reconnected_cb=self._reconnected,
        )

    def _tls(self) -> ssl.SSLContext | None:
        if self._authority_file is None:
            return None
        return ssl.create_default_context(cafile=str(self._authority_file))

    async def _failed(self, problem: Exception) -> None:
        # A refused publish reaches its caller as a time-out: the reason is only here.
        log.warning("bus_error", error=str(problem) or type(problem).__name__)

    async def _disconnected(self) -> None:
        if not self._client.is_closed:  # when we leave, that is no news
            log.warning("bus_disconnected")

    async def _reconnected(self) -> None:
        log.info("bus_reconnected")
        for hook in self._on_reconnect:
            hook()

    async def _request(self, message: Outgoing, headers: Mapping[str, str]) -> Msg:
        return await self._client.request(
            message.subject, message.payload, REQUEST_WITHIN_S, headers=dict(headers) or None
        )

    async def _batch(self, messages: Sequence[Outgoing]) -> Msg:
        batch = {"Nats-Batch-Id": new_id().hex}
        for number, message in enumerate(messages[:-1], start=1):
            headers = {**message.headers, **batch, "Nats-Batch-Sequence": str(number)}
            await self._client.publish(message.subject, message.payload, headers=headers)
        last = {**batch, "Nats-Batch-Sequence": str(len(messages)), "Nats-Batch-Commit": "1"}
        return await self._request(messages[-1], {**messages[-1].headers, **last})


def _acknowledged(answer: Msg) -> None:
    _checked(json.loads(answer.data))


def _checked(answer: Any) -> Any:
    if "error" in answer:
        error = answer["error"]
        raise BusError(str(error.get("description", error)), int(error.get("err_code", 0)))
    return answer


class Pull:
    """A standing pull request: what arrives is handed out at once, not when a batch is full.

    nats-py's own `fetch` waits for the whole batch or its time-out, which would cost seconds.
    """

    def __init__(self, bus: Bus, stream: str, durable: str, expires_s: float) -> None:
        self._bus = bus
        self._expires_s = expires_s
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._inbox = ""
        self._asked, self._asked_until = 0, 0.0
        self._turn, self._left = NO_TURNS, 0
        self.is_refused = False  # the last answer was a refusal: no such consumer, or nobody there

    async def subscribe(
        self, client: Client, name: str, arrived: Callable[[Pull, Msg], None]
    ) -> None:
        """Listen on an inbox of our own."""

        async def receive(message: Msg) -> None:
            arrived(self, message)

        self._inbox = f"_INBOX_{name}.pull.{new_id().hex}"
        await client.subscribe(self._inbox, cb=receive)

    def forget(self) -> None:
        """The server that we asked is gone, and our request with it."""
        self._asked = 0

    def begin(self, turn: int, most: int) -> None:
        """Another turn: so many may be asked for in it."""
        if turn != self._turn:
            self._turn, self._left = turn, most

    @property
    def has_had_its_turn(self) -> bool:
        """Whether nothing may be asked for before the next one."""
        return self._turn != NO_TURNS and self._left <= 0

    def ask(self, most: int) -> None:
        """Let so many come, unless some that were asked for may come still."""
        if self._asked > 0 and time.monotonic() < self._asked_until:
            return
        expires_ns = int(self._expires_s * 1e9)
        body = json.dumps({"batch": most, "expires": expires_ns}).encode()
        self._bus.send(self._next, body, self._inbox)
        self._asked, self._asked_until = most, time.monotonic() + self._expires_s + 0.5

    def keep(self, taken: list[Msg], message: Msg) -> None:
        """Add what came, unless it only says that nothing does."""
        if not message.data and message.headers and STATUS in message.headers:
            self._asked = 0  # the request has ended: empty, expired, or refused
            self.is_refused = message.headers[STATUS] not in ENDED
            return
        self._asked -= 1
        self._left -= 1
        self.is_refused = False
        taken.append(message)


class Arrivals:
    """What arrives for one consumer or several, in the order of arrival.

    Of several, each has one message under way at most: however much waits for one, its next comes
    after what has arrived for the others. In turns, each has `a_turn` messages in one.
    """

    def __init__(self, pulls: Sequence[Pull], a_turn: int = 1) -> None:
        self.pulls = pulls
        self._a_turn = a_turn
        self._arrived: queue.SimpleQueue[tuple[Pull, Msg]] = queue.SimpleQueue()

    def put(self, pull: Pull, message: Msg) -> None:
        """Something came."""
        self._arrived.put((pull, message))

    @property
    def is_refused(self) -> bool:
        """Whether nothing can come: no such consumer, or nobody there."""
        return any(each.is_refused for each in self.pulls)

    @property
    def is_held(self) -> bool:
        """Whether something may wait for the next turn."""
        return any(each.has_had_its_turn for each in self.pulls)

    def take(self, most: int, wait_s: float, *, turn: int = NO_TURNS) -> list[Msg]:
        """Waits up to `wait_s` for a message, then answers with all that are there, at most `most`."""
        for each in self.pulls:
            each.begin(turn, self._a_turn)
            if not each.has_had_its_turn:
                each.ask(most if len(self.pulls) == 1 else 1)
        wait_s = HELD_S if self.is_held else wait_s
        taken: list[Msg] = []
        with suppress(queue.Empty):
            self._keep(taken, self._arrived.get(timeout=wait_s))
            while len(taken) < most:
                self._keep(taken, self._arrived.get_nowait())
        return taken

    def _keep(self, taken: list[Msg], arrived: tuple[Pull, Msg]) -> None:
        pull, message = arrived
        pull.keep(taken, message)
