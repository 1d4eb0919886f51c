"""The program as it is started: real sockets, signals, traces and logs."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests

from chassis import auth
from cli.nursery import Born
from cli.ports import free_port
from tests.support import cradle
from tests.support.telemetry import Collector
from tests.support.waiting import eventually
from tests.unit.gateway.conftest import PROGRAMS
from tests.unit.gateway.services import GATEWAY_KEY, PERSON, Books, signed_in
from tests.unit.gateway.test_api import DRAFT


@dataclass
class Program:
    """A running gateway."""

    process: Born
    url: str
    log: Path
    metrics: str

    @property
    def worker(self) -> int:
        """The process id of the one that serves."""
        pid = self.process.pid
        (worker,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(worker)

    def is_ready(self) -> None:
        try:
            assert requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except requests.ConnectionError as problem:
            raise AssertionError from problem


Start = Callable[..., Program]


@pytest.fixture
def start(address: str, redis_url: str, tmp_path: Path) -> Iterator[Start]:
    own = tmp_path / "gateway.json"
    own.write_text(json.dumps(GATEWAY_KEY))
    keys = tmp_path / "services.json"
    keys.write_text(auth.JWKS([auth.generate_key("matching")]).dump())
    with ExitStack() as stack:

        def started(**environment: str) -> Program:
            port, metrics = free_port(), free_port()
            log = tmp_path / "gateway.log"
            process = cradle.ours().bear(
                "gateway",
                [],
                {
                    **os.environ,
                    **{f"INTERCHANGE_{name.upper()}_ADDRESS": address for name in PROGRAMS},
                    "INTERCHANGE_PORT": str(port),
                    "INTERCHANGE_METRICS_PORT": str(metrics),
                    "INTERCHANGE_REDIS_URL": redis_url,
                    "INTERCHANGE_SERVICE_KEY_FILE": str(own),
                    "INTERCHANGE_SERVICE_KEYS_FILE": str(keys),
                    "INTERCHANGE_RATE_LIMIT_FACTOR": "1000",
                    **environment,
                },
                log,
            )
            program = Program(
                process, f"http://127.0.0.1:{port}", log, f"http://127.0.0.1:{metrics}"
            )
            stack.callback(_end, process)
            eventually(program.is_ready, timeout_s=20)
            return program

        yield started


def _end(process: Born) -> None:
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


def test_it_believes_the_keys_that_identity_publishes(start: Start, books: Books) -> None:
    program = start()

    answer = requests.get(f"{program.url}/v1/notices", headers=signed_in(), timeout=5)

    assert answer.status_code == 200
    assert books.seen[-1].who == PERSON


def test_other_regions_ask_with_the_target_that_they_signed(start: Start, books: Books) -> None:
    program = start()

    requests.get(f"{program.url}/federation/v1/feed/national?after=%2C1&limit=5", timeout=5)
    feed: Any = books.asked
    document = f"{program.url}/.well-known/interchange-region"
    requests.get(document, timeout=5, headers={"Host": "other.example:81"})
    other: Any = books.asked

    assert feed.target == "/federation/v1/feed/national?after=%2C1&limit=5"
    assert feed.authority == program.url.removeprefix("http://")
    assert other.authority == "other.example:81"


def test_told_to_stop_it_ends_what_it_has_begun(start: Start, books: Books) -> None:
    program = start()
    inside, leave = Event(), Event()

    def wait() -> None:
        inside.set()
        leave.wait(20)

    books.then = wait
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(requests.get, f"{program.url}/v1/notices", timeout=20)
        inside.wait(5)
        program.process.terminate()
        eventually(lambda: _refuses(program.url))
        leave.set()

        assert asked.result(10).status_code == 200
    assert program.process.wait(10) == 0


def _refuses(url: str) -> None:
    port = int(url.rpartition(":")[2])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_worker_that_dies_is_replaced(start: Start) -> None:
    program = start()

    os.kill(program.worker, signal.SIGKILL)

    eventually(program.is_ready)


def test_a_parent_that_dies_takes_the_port_with_it(start: Start) -> None:
    program = start()

    os.kill(program.process.pid, signal.SIGKILL)

    eventually(lambda: _refuses(program.url), timeout_s=5)


def test_a_body_in_chunks_is_bounded_too(start: Start) -> None:
    program = start(INTERCHANGE_BODY_LIMIT="1000")
    headers = {**signed_in(), "Content-Type": "application/json"}

    small = requests.post(
        f"{program.url}/v1/notices",
        data=iter([json.dumps(DRAFT).encode()]),
        headers=headers,
        timeout=5,
    )
    large = requests.post(
        f"{program.url}/v1/notices", data=iter([b" " * 600] * 5), headers=headers, timeout=5
    )

    assert small.status_code == 201, small.text
    assert large.status_code == 413, large.text


def test_a_body_that_breaks_off_is_no_fault_of_ours(start: Start) -> None:
    program = start()
    head = (
        "POST /v1/notices HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {signed_in()['Authorization']}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )

    with socket.create_connection(("127.0.0.1", int(program.url.rpartition(":")[2]))) as raw:
        raw.sendall(head.encode() + b"nonsense\r\n{}\r\n")
        answer = b""
        while b"BROKEN_BODY" not in answer and (more := raw.recv(10_000)):
            answer += more

    assert answer.startswith(b"HTTP/1.1 400")
    assert b"BROKEN_BODY" in answer


@pytest.mark.parametrize(
    ("request_line", "headers", "status", "reason"),
    [
        (b"GET /v1/notices?query=" + b"x" * 9000 + b" HTTP/1.1", b"", 414, "URI_TOO_LONG"),
        (b"GET /v1/notices HTTP/1.1", b"X: " + b"x" * 9000 + b"\r\n", 431, "HEADERS_TOO_LARGE"),
        (b"nonsense", b"", 400, "BAD_REQUEST"),
    ],
)
def test_what_is_no_http_that_we_read_is_a_problem_document_too(
    start: Start, request_line: bytes, headers: bytes, status: int, reason: str
) -> None:
    program = start()

    with socket.create_connection(("127.0.0.1", int(program.url.rpartition(":")[2]))) as raw:
        raw.sendall(request_line + b"\r\nHost: x\r\n" + headers + b"\r\n")
        answer = b""
        while more := raw.recv(10_000):
            answer += more

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"application/problem+json" in head
    assert json.loads(body)["reason"] == reason


def test_one_trace_leads_through_the_door(start: Start, books: Books) -> None:
    with Collector() as collector:
        program = start(INTERCHANGE_OTLP_ENDPOINT=collector.url)

        answer = requests.post(
            f"{program.url}/v1/notices/secret-name/interests?",
            json={},
            headers={**signed_in(), "Idempotency-Key": "key"},
            timeout=5,
        )
        trace_id = answer.headers["Trace-Id"]

        def whole() -> None:
            spans = {seen.name: seen for seen in collector.trace(trace_id)}
            assert len(spans) > 2
            door = spans["POST /v1/notices/{notice}/interests"]
            call = spans["interchange.opportunities.v1.InterestService/CreateInterest"]
            assert door.program == "gateway"
            assert call.parent == door.id
            assert not door.parent

        eventually(whole)
        assert books.seen[-1].trace_id == trace_id
        assert "secret-name" not in collector.text()
        assert PERSON.person not in collector.text()


def test_the_callers_trace_goes_on(start: Start, books: Books) -> None:
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with Collector() as collector:
        program = start(INTERCHANGE_OTLP_ENDPOINT=collector.url)

        answer = requests.get(
            f"{program.url}/v1/notices", headers={"traceparent": given}, timeout=5
        )

        assert answer.headers["Trace-Id"] == given[3:35]

        def joined() -> None:
            spans = {seen.name: seen for seen in collector.trace(given[3:35])}
            assert len(spans) > 1
            assert spans["GET /v1/notices"].parent == given[36:52]

        eventually(joined)


def test_probes_leave_no_spans(start: Start) -> None:
    with Collector() as collector:
        program = start(INTERCHANGE_OTLP_ENDPOINT=collector.url)
        answer = requests.get(f"{program.url}/v1/notices", timeout=5)

        eventually(lambda: _has_spans(collector, answer.headers["Trace-Id"]))
        assert "Health" not in collector.text()
        assert "PING" not in collector.text()


def _has_spans(collector: Collector, trace_id: str) -> None:
    assert collector.trace(trace_id)


def test_requests_are_counted_by_route(start: Start) -> None:
    program = start()
    requests.get(f"{program.url}/v1/notices/secret-name", timeout=5)

    text = requests.get(f"{program.metrics}/metrics", timeout=5).text

    assert 'http_route="/v1/notices/{notice}"' in text
    assert 'http_response_status_code="404"' in text
    assert "secret-name" not in text


def test_logs_are_json_and_tell_nothing_of_callers(start: Start, books: Books) -> None:
    def fail() -> None:
        raise ValueError("secret-text")

    program = start()
    books.then = fail
    requests.get(f"{program.url}/v1/notices/secret-name", timeout=5)
    with socket.create_connection(("127.0.0.1", int(program.url.rpartition(":")[2]))) as raw:
        raw.sendall(b"BROKEN secret-path\r\n\r\n")
        raw.recv(1000)
    program.process.terminate()
    program.process.wait(10)

    lines = program.log.read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["request_failed"]
    assert json.loads(lines[0])["trace_id"]
    assert "secret" not in program.log.read_text()
