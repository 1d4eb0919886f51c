"""A program's gRPC server, its clock jobs, and the way they all start and stop together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import Protocol

import grpc
import structlog
from grpc_health.v1.health import HealthServicer
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server

from chassis import metrics, signals
from chassis.auth import Verifier
from chassis.config import Config
from chassis.interceptors import Gate
from chassis.policy import Rules
from chassis.release import HEADER, release
from chassis.tls import end_when_renewed

MAX_MESSAGE = 4 * 1024 * 1024
GRACE_S = 5.0  # what calls in work get to end when we are told to stop
# What all parts get together to stop: of the half minute that a cluster gives, it first waits until nobody calls.
STOP_S = 20.0
AT_LEAST_S = 0.1  # and each of them, also when those before took all of it
# Whoever can't catch up in this time is better than nobody: what it shows says how old it is.
RECOVER_WITHIN_S = 30.0
RECOVER_LOOK_S = 0.05
# What was told last has two more programs to pass until it is with those who show it.
SETTLE_S = 0.5
ALIVE = "alive"  # the health service's name for "do not restart me"; "" is "send me calls"

OPTIONS = [
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.so_reuseport", 0),  # two servers on one port are a mistake, not a pair
    # Callers may ask for a sign of life as often as chassis.client does.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # Callers look now and then which replicas there are; what streams may end first.
    ("grpc.max_connection_age_ms", 300_000),
    ("grpc.max_connection_age_grace_ms", 600_000),
]

log = structlog.get_logger(__name__)


class Server:
    """A gRPC server behind the gate: add servicers to `.grpc`, then start it.

    At most `rpc_limit` calls are in work or waiting; the next is refused with RESOURCE_EXHAUSTED.
    """

    def __init__(
        self,
        config: Config,
        *,
        rules: Rules,
        verifier: Verifier,
        is_recovering: Callable[[], bool] | None = None,
    ) -> None:
        """While `is_recovering` it answers calls and says that it is not ready, for 30 s at most."""
        self._config = config
        self._is_recovering = is_recovering
        self.grpc = grpc.server(
            ThreadPoolExecutor(config.rpc_workers, thread_name_prefix="rpc"),
            interceptors=[Gate(rules, verifier)],
            maximum_concurrent_rpcs=config.rpc_limit,
            options=OPTIONS,
        )
        self._health = _telling_release(HealthServicer())
        self._health.set("", HealthCheckResponse.NOT_SERVING)
        add_HealthServicer_to_server(self._health, self.grpc)
        self.port = _listen(self.grpc, config)
        self._probed = _probes(self._health, config.health_address)

    def start(self) -> None:
        """Answer calls, and say so to who asks for our health."""
        if self._config.development:
            self._reflect()
        self.grpc.start()
        self._health.set(ALIVE, HealthCheckResponse.SERVING)
        if self._probed:
            self._probed.start()
        if self._config.tls:
            end_when_renewed(self._config.tls)
        if self._is_recovering:
            Thread(target=self._recover, name="recover", daemon=True).start()
        else:
            self._health.set("", HealthCheckResponse.SERVING)
        log.info("serving", address=self.address)

    def stop(self, grace: float = GRACE_S) -> None:
        """Refuse new calls, let those in work end within `grace` seconds, cancel the rest."""
        self._health.enter_graceful_shutdown()
        self.grpc.stop(grace).wait()
        if self._probed:
            self._probed.stop(0).wait()

    @property
    def address(self) -> str:
        """Where it listens, with the port that it was given."""
        host = self._config.grpc_address.rpartition(":")[0]
        return f"{host}:{self.port}"

    def _recover(self) -> None:
        assert self._is_recovering  # noqa: S101  # asked by the caller
        deadline = time.monotonic() + RECOVER_WITHIN_S
        while self._is_recovering() and time.monotonic() < deadline:
            time.sleep(RECOVER_LOOK_S)
        time.sleep(SETTLE_S)
        self._health.set("", HealthCheckResponse.SERVING)
        log.info("recovered", in_time=time.monotonic() < deadline)

    def _reflect(self) -> None:
        from grpc_reflection.v1alpha import reflection

        handlers = self.grpc._state.generic_handlers  # type: ignore[attr-defined]  # no public list
        names = {handler.service_name() for handler in handlers}
        reflection.enable_server_reflection([*names, reflection.SERVICE_NAME], self.grpc)


def _telling_release(health: HealthServicer) -> HealthServicer:
    """Native health, with a word on who answers."""
    check: Callable[[HealthCheckRequest, grpc.ServicerContext], HealthCheckResponse] = health.Check

    def told(request: HealthCheckRequest, context: grpc.ServicerContext) -> HealthCheckResponse:
        context.send_initial_metadata(((HEADER, release()),))
        return check(request, context)

    health.Check = told  # type: ignore[method-assign]
    return health


def _listen(server: grpc.Server, config: Config) -> int:
    if config.tls:
        return server.add_secure_port(config.grpc_address, config.tls.server())
    return server.add_insecure_port(config.grpc_address)


def _probes(health: HealthServicer, address: str) -> grpc.Server | None:
    """A server for those who probe us, who have no certificate: it says how we are, and nothing else."""
    if not address:
        return None
    server = grpc.server(ThreadPoolExecutor(1, thread_name_prefix="probes"), options=OPTIONS)
    add_HealthServicer_to_server(health, server)
    server.add_insecure_port(address)
    return server


class Background(Protocol):
    """What runs beside the server: a relay, a consumer, a clock job."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


class Every:
    """A clock job: at once, then every so many seconds after its end, or soon after `ring`.

    A failure is logged and counted, and the job is done again at its next time.
    """

    def __init__(self, seconds: float, job: Callable[[], None], name: str) -> None:
        self._seconds = seconds
        self._job = job
        self._name = name
        self._bell = Event()
        self._is_stopping = False
        self._thread = Thread(target=self._run, name=f"every-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_stopping = True
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join()

    def ring(self) -> None:
        """There is something to do: do not wait for the time."""
        self._bell.set()

    def _run(self) -> None:
        while True:
            self._bell.clear()
            if self._is_stopping:  # asked after the clearing: who rings to stop is not unheard
                return
            self._once()
            self._bell.wait(self._seconds)

    def _once(self) -> None:
        try:
            self._job()
            metrics.jobs.labels(self._name, "done").inc()
        except Exception as problem:
            metrics.jobs.labels(self._name, "failed").inc()
            log.error("job_failed", job=self._name, exc_info=problem)


def run(server: Server, *background: Background) -> None:
    """Start the background parts in order, then the server; on SIGTERM or SIGINT stop all in reverse order.

    Returns when everything has stopped. What does not stop in its time is left behind: the process
    then ends at once, still with status 0, for it did what it was told.
    """
    told = signals.told_to_end()
    started: list[tuple[Callable[[], None], str]] = []
    try:
        for each in background:
            each.start()
            started.append((each.stop, type(each).__name__))
        server.start()
        started.append((server.stop, "Server"))
        signals.wait(told)
        log.info("stopping")
    finally:
        deadline = time.monotonic() + STOP_S
        stuck = [name for stop, name in reversed(started) if not _stopped(stop, name, deadline)]
    if stuck:
        log.error("stuck", parts=stuck)
        os._exit(0)


def _stopped(stop: Callable[[], None], name: str, deadline: float) -> bool:
    """Stop one part, until the deadline; whether it has."""
    started = time.monotonic()
    thread = Thread(target=stop, name=f"stop-{name}", daemon=True)
    thread.start()
    thread.join(max(deadline - started, AT_LEAST_S))
    log.info("stopped", part=name, seconds=round(time.monotonic() - started, 3))
    return not thread.is_alive()
