"""Bounds, health, reflection, clock jobs, and an orderly end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Semaphore

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from interchange.common.v1 import dead_letters_pb2 as pb
from prometheus_client import REGISTRY

from chassis import client, errors
from chassis.config import Config
from chassis.server import MAX_MESSAGE, OPTIONS, Every, Server
from tests.support.waiting import eventually
from tests.unit.chassis.letters import OPEN, Letters, asking, serving, verifier

LIST = pb.ListDeadLettersRequest()
SERVING = health_pb2.HealthCheckResponse.SERVING


def test_grpc_knows_every_option_that_we_set() -> None:
    """It ignores those that it does not know: a server that minds its callers' pings hangs up on them."""
    core = find_spec("grpc._cython.cygrpc")
    assert core and core.origin
    known = Path(core.origin).read_bytes()

    names = [name for name, _ in (*client.OPTIONS, *OPTIONS)]

    assert [name for name in names if f"{name}\0".encode() not in known] == []


def test_more_calls_than_the_limit_are_refused_at_once() -> None:
    inside, leave = Semaphore(0), Event()

    def wait() -> None:
        inside.release()
        leave.wait(10)

    config = Config(rpc_workers=2, rpc_limit=2)
    with (
        serving(Letters(then=wait), config=config) as server,
        asking(server.address) as stub,
        ThreadPoolExecutor(2) as callers,
    ):
        calls = [callers.submit(stub.ListDeadLetters, LIST) for _ in range(2)]
        inside.acquire(timeout=5)
        inside.acquire(timeout=5)
        with pytest.raises(errors.ResourceExhausted):
            stub.ListDeadLetters(LIST)
        leave.set()

        assert [call.result(5) for call in calls]


def test_a_call_whose_time_ran_out_in_the_queue_is_not_begun() -> None:
    inside, leave = Event(), Event()

    def wait() -> None:
        inside.set()
        leave.wait(10)

    letters = Letters(then=wait)
    with serving(letters, config=Config(rpc_workers=1)) as server, asking(server.address) as stub:
        with ThreadPoolExecutor(1) as callers:
            first = callers.submit(stub.ListDeadLetters, LIST)
            inside.wait(5)
            with pytest.raises(errors.DeadlineExceeded):
                stub.ListDeadLetters(LIST, timeout=0.1)
            leave.set()
            first.result(5)
        stub.ReplayDeadLetter(pb.ReplayDeadLetterRequest(name="last"))

    assert len(letters.seen) == 1


def test_a_message_above_four_mebibytes_is_refused() -> None:
    too_big = pb.ReplayDeadLetterRequest(name="x" * (MAX_MESSAGE + 1))

    with (
        serving(Letters()) as server,
        asking(server.address) as stub,
        pytest.raises(errors.ResourceExhausted),
    ):
        stub.ReplayDeadLetter(too_big)


def test_a_clock_job_is_done_soon_after_it_is_rung_for_and_again_after_a_failure() -> None:
    done: list[int] = []

    def job() -> None:
        done.append(len(done))
        if len(done) == 2:
            raise RuntimeError("once")

    every = Every(3600, job, "rung")
    every.start()
    for times in (1, 2, 3):
        eventually(lambda times=times: _require(len(done) == times))
        every.ring()
    eventually(lambda: _require(len(done) == 4))
    every.stop()

    assert len(done) == 4


def _require(claim: bool) -> None:
    assert claim


def test_health_says_serving_only_between_start_and_stop() -> None:
    server = Server(Config(), rules=OPEN, verifier=verifier())
    with grpc.insecure_channel(server.address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        watch = health.Watch(health_pb2.HealthCheckRequest())  # type: ignore[attr-defined]
        server.start()
        before = next(watch).status
        while before != SERVING:
            before = next(watch).status
        server._health.enter_graceful_shutdown()
        after = next(watch).status
        watch.cancel()
        server.stop(0)

    assert after == health_pb2.HealthCheckResponse.NOT_SERVING


def test_a_program_that_has_to_catch_up_answers_and_says_that_it_is_not_ready() -> None:
    caught_up = Event()
    server = Server(
        Config(), rules=OPEN, verifier=verifier(), is_recovering=lambda: not caught_up.is_set()
    )
    server.start()
    with grpc.insecure_channel(server.address) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())  # type: ignore[attr-defined]
        before = next(watch).status
        caught_up.set()
        after = next(watch).status
        watch.cancel()
    server.stop(0)

    assert before != SERVING
    assert after == SERVING


def test_a_call_in_work_may_end_while_we_stop() -> None:
    inside, leave = Event(), Event()

    def wait() -> None:
        inside.set()
        leave.wait(10)

    with (
        serving(Letters(then=wait)) as server,
        asking(server.address) as stub,
        ThreadPoolExecutor(2) as pool,
    ):
        call = pool.submit(stub.ListDeadLetters, LIST)
        inside.wait(5)
        stopped = pool.submit(server.stop, 5)
        leave.set()

        assert call.result(5) == pb.ListDeadLettersResponse()
        stopped.result(5)


def test_reflection_is_for_development_only() -> None:
    names = {}
    for development in (True, False):
        with (
            serving(Letters(), config=Config(development=development)) as server,
            grpc.insecure_channel(server.address) as channel,
        ):
            names[development] = reflected(channel)

    assert "interchange.common.v1.DeadLetterService" in names[True]
    assert names[False] == []


def reflected(channel: grpc.Channel) -> list[str]:
    try:
        return list(ProtoReflectionDescriptorDatabase(channel).get_services())
    except grpc.RpcError:
        return []


def test_two_servers_on_one_port_are_a_mistake() -> None:
    with serving(Letters()) as server, pytest.raises(RuntimeError):
        Server(Config(grpc_address=server.address), rules=OPEN, verifier=verifier())


def test_a_failing_clock_job_goes_on_and_is_counted() -> None:
    runs = Semaphore(0)

    def fail() -> None:
        runs.release()
        raise ValueError("no")

    job = Every(0.001, fail, "test-failing")
    job.start()
    reached = [runs.acquire(timeout=5) for _ in range(3)]
    job.stop()

    labels = {"job": "test-failing", "outcome": "failed"}
    assert all(reached)
    assert (REGISTRY.get_sample_value("interchange_jobs_total", labels) or 0) >= 3


PROGRAM = """
import sys
from chassis import server
from chassis.config import Config
from tests.unit.chassis.letters import OPEN, Letters, verifier
from interchange.common.v1 import dead_letters_pb2_grpc as rpc

class Part:
    def __init__(self, name): self.name = name
    def start(self): print("start", self.name, flush=True)
    def stop(self):
        print("stop", self.name, flush=True)
        if self.name in sys.argv: __import__("threading").Event().wait()

server.STOP_S = 1.0
main = server.Server(Config(), rules=OPEN, verifier=verifier())
rpc.add_DeadLetterServiceServicer_to_server(Letters(), main.grpc)
start = main.start
main.start = lambda: (start(), print("ready", flush=True))
server.run(main, Part("relay"), Part("consumer"))
print("end", flush=True)
"""


@pytest.fixture(params=[signal.SIGTERM, signal.SIGINT])
def number(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    yield request.param


def told_to_stop(number: signal.Signals, *arguments: str) -> tuple[int, list[str]]:
    """Exit status of a program that was ready when the signal came, and what it printed."""
    root = str(Path(__file__).parents[3])
    path = os.pathsep.join([root, str(Path(root) / "gen")])
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=root,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert program.stdout
    printed = []
    for line in program.stdout:
        printed.append(line.strip())
        if line.startswith("ready"):
            program.send_signal(number)
    return program.wait(20), printed


def test_a_program_ends_in_reverse_order_with_status_0(number: signal.Signals) -> None:
    status, printed = told_to_stop(number)

    parts = [line for line in printed if line.startswith(("start", "stop"))]
    assert parts == ["start relay", "start consumer", "stop consumer", "stop relay"]
    assert printed[-1] == "end"
    assert status == 0


def test_a_part_that_does_not_stop_holds_nobody_up() -> None:
    status, printed = told_to_stop(signal.SIGTERM, "consumer")

    assert "stop relay" in printed
    assert status == 0
