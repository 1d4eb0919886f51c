"""Whether the door and all that it needs are ready."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan
from redis import Redis
from redis.exceptions import RedisError

from chassis import tracing
from chassis.errors import Error
from chassis.release import HEADER, release
from gateway.answers import JSON, Answer
from gateway.codec import dumps
from gateway.spans import unrecorded

WITHIN_S = 1.0
READY, NOT_READY, AWAY = "ready", "not ready", "away"
OK, UNAVAILABLE = 200, 503

Check = Callable[[], str]


class Readiness:
    """Asks every service and Valkey, all at once, so that one that hangs costs no more than its second."""

    def __init__(self, channels: Mapping[str, grpc.Channel], redis: Redis) -> None:
        services = {name: _service_check(channel) for name, channel in channels.items()}
        self._checks: dict[str, Check] = {**services, "valkey": lambda: _ping(redis)}
        self._pool = ThreadPoolExecutor(2 * len(self._checks), thread_name_prefix="ready")

    def answer(self) -> Answer:
        """`{"status": "ready", "programs": {"identity": "ready", …}}`; 503 unless all are."""
        asked = {name: self._pool.submit(_untraced, check) for name, check in self._checks.items()}
        programs = {name: each.result() for name, each in asked.items()}
        ready = all(state == READY for state in programs.values())
        body = dumps({"status": READY if ready else NOT_READY, "programs": programs})
        return Answer(OK if ready else UNAVAILABLE, body, {"Content-Type": JSON, HEADER: release()})


class Opening:
    """Shut until federation, and those who show what it hears, say that they have caught up: what other
    regions took back while this one was off is shown to nobody. Once open it stays so; after a while it
    opens whatever they say.
    """

    def __init__(self, channels: Sequence[grpc.Channel], *, within_s: float) -> None:
        self._checks = [_service_check(each) for each in channels]
        self._until = time.monotonic() + within_s
        self._is_open = within_s <= 0

    def is_open(self) -> bool:
        if not self._is_open:
            self._is_open = time.monotonic() > self._until or self._have_caught_up()
        return self._is_open

    def _have_caught_up(self) -> bool:
        return all(_untraced(each) == READY for each in self._checks)


def _service_check(channel: grpc.Channel) -> Check:
    stub = HealthStub(channel)

    def check() -> str:
        try:
            answer = stub.Check(HealthCheckRequest(), timeout=WITHIN_S)
        except Error:
            return AWAY
        return READY if answer.status == HealthCheckResponse.SERVING else NOT_READY

    return check


def _ping(redis: Redis) -> str:
    try:
        return READY if redis.ping() else NOT_READY
    except RedisError:
        return AWAY


def _untraced(check: Check) -> str:
    """Probes come every second: nobody wants their spans."""
    here = tracing.parse(unrecorded("").traceparent)
    assert here  # noqa: S101  # we just made it
    token = otel.attach(trace.set_span_in_context(NonRecordingSpan(here)))
    try:
        return check()
    finally:
        otel.detach(token)
