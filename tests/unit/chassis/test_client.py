"""What a channel does for each call."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest
from interchange.common.v1 import dead_letters_pb2 as pb
from interchange.common.v1 import dead_letters_pb2_grpc as rpc

from chassis import auth, client, errors
from chassis.auth import ServiceToken
from chassis.client import DEFAULT_TIMEOUT_S, read_methods
from chassis.config import Config
from chassis.server import GRACE_S
from cli.ports import free_port
from tests.unit.chassis.letters import (
    PERSON,
    PROGRAM_KEY,
    Letters,
    access_token,
    asking,
    bearer,
    serving,
)

LIST = pb.ListDeadLettersRequest()
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def test_a_program_speaks_for_itself_with_its_own_token() -> None:
    letters = Letters()
    token = ServiceToken(PROGRAM_KEY, "matching")

    with serving(letters) as server, asking(server.address, token) as stub:
        stub.ListDeadLetters(LIST)

    assert letters.seen[0].who == auth.Principal(service="matching")


def test_a_call_within_a_call_hands_on_token_trace_and_deadline() -> None:
    behind = Letters()
    with serving(behind) as far, asking(far.address) as inner:
        front = Letters(then=lambda: inner.ListDeadLetters(LIST) and None)
        with serving(front) as near, asking(near.address) as stub:
            metadata = (*bearer(access_token()), ("traceparent", TRACE))
            stub.ListDeadLetters(LIST, timeout=2, metadata=metadata)

    assert behind.seen[0].who == PERSON
    assert behind.seen[0].traceparent == TRACE
    assert 1 < behind.seen[0].left_s < front.seen[0].left_s < 2


def test_a_token_given_with_the_call_wins() -> None:
    letters = Letters()
    token = ServiceToken(PROGRAM_KEY, "matching")

    with serving(letters) as server, asking(server.address, token) as stub:
        stub.ListDeadLetters(LIST, metadata=bearer(access_token()))

    assert letters.seen[0].who == PERSON


def test_a_call_without_timeout_gets_five_seconds() -> None:
    letters = Letters()

    with serving(letters) as server, asking(server.address) as stub:
        stub.ListDeadLetters(LIST)

    assert 4 < letters.seen[0].left_s < DEFAULT_TIMEOUT_S


def test_without_time_left_nobody_is_asked() -> None:
    with asking("127.0.0.1:1") as stub:
        reset = auth.current.set(auth.Call(PERSON, deadline=0))
        try:
            with pytest.raises(errors.DeadlineExceeded) as caught:
                stub.ListDeadLetters(LIST)
        finally:
            auth.current.reset(reset)

    assert caught.value.reason == "TOO_LATE"


def test_a_program_that_is_not_believed_does_not_blame_its_caller() -> None:
    stranger = ServiceToken(auth.generate_key("matching"), "matching")

    with (
        serving(Letters()) as server,
        asking(server.address, stranger) as stub,
        pytest.raises(errors.Internal) as caught,
    ):
        stub.ListDeadLetters(LIST)

    assert caught.value.reason == "SERVICE_NOT_TRUSTED"


class Flaky(Letters):
    """Away, or stopping, for the first call of each kind."""

    def __init__(self, code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> None:
        super().__init__()
        self.code = code
        self.calls: list[str] = []

    def ListDeadLetters(
        self, request: pb.ListDeadLettersRequest, context: grpc.ServicerContext
    ) -> pb.ListDeadLettersResponse:
        self._away_once("list", context)
        return pb.ListDeadLettersResponse()

    def ReplayDeadLetter(
        self, request: pb.ReplayDeadLetterRequest, context: grpc.ServicerContext
    ) -> pb.DeadLetter:
        self._away_once("replay", context)
        return pb.DeadLetter()

    def _away_once(self, kind: str, context: grpc.ServicerContext) -> None:
        self.calls.append(kind)
        if self.calls.count(kind) == 1:
            context.abort(self.code, "away")


@contextmanager
def bare(servicer: rpc.DeadLetterServiceServicer) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(2))
    rpc.add_DeadLetterServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0)


def test_reads_are_tried_again_and_writes_are_not() -> None:
    flaky = Flaky()

    with bare(flaky) as address, asking(address) as stub:
        stub.ListDeadLetters(LIST)
        with pytest.raises(errors.Unavailable):
            stub.ReplayDeadLetter(pb.ReplayDeadLetterRequest(name="x"))

    assert flaky.calls == ["list", "list", "replay"]


def test_what_a_replica_that_stops_did_not_begin_is_asked_again() -> None:
    letters = Flaky(grpc.StatusCode.CANCELLED)

    with bare(letters) as address, asking(address) as stub:
        stub.ReplayDeadLetter(pb.ReplayDeadLetterRequest(name="x"))

    assert letters.calls == ["replay", "replay"]


def test_a_write_waits_for_the_next_replica_when_the_last_has_gone() -> None:
    port = free_port()
    config = Config(grpc_address=f"127.0.0.1:{port}")

    with asking(f"127.0.0.1:{port}") as stub, ThreadPoolExecutor(1) as pool:
        with serving(Letters(), config=config):
            stub.ReplayDeadLetter(pb.ReplayDeadLetterRequest(name="x"))
        asked = pool.submit(stub.ReplayDeadLetter, pb.ReplayDeadLetterRequest(name="x"))
        with serving(Letters(), config=config):
            assert asked.result(5).name == "x"


def test_what_it_may_have_begun_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "NOT_BEGUN_S", 0)
    letters = Flaky(grpc.StatusCode.CANCELLED)

    with bare(letters) as address, asking(address) as stub, pytest.raises(errors.Unavailable):
        stub.ReplayDeadLetter(pb.ReplayDeadLetterRequest(name="x"))

    assert letters.calls == ["replay"]


def test_what_it_may_have_begun_has_longer_to_end() -> None:
    assert client.NOT_BEGUN_S < GRACE_S


def test_reads_are_what_the_contract_gets_or_lists() -> None:
    reads = {method["method"] for method in read_methods()}

    assert "ListDeadLetters" in reads
    assert not [name for name in reads if name.startswith(("Create", "Update", "Delete"))]


def test_a_program_that_restarts_is_found_again() -> None:
    port = free_port()
    config = Config(grpc_address=f"127.0.0.1:{port}")

    with asking(f"127.0.0.1:{port}") as stub:
        for _ in range(2):
            with serving(Letters(), config=config):
                stub.ReplayDeadLetter(pb.ReplayDeadLetterRequest(name="x"), wait_for_ready=True)
            with pytest.raises(errors.Unavailable):
                stub.ReplayDeadLetter(pb.ReplayDeadLetterRequest(name="x"))
