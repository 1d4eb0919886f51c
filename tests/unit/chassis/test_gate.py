"""What stands between a call and its handler."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr

import grpc
import pytest
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from interchange.common.v1 import dead_letters_pb2 as pb
from interchange.common.v1 import dead_letters_pb2_grpc as rpc
from prometheus_client import REGISTRY

from chassis import auth, errors, logs, policy
from chassis.auth import ServiceToken
from chassis.config import Config
from chassis.interceptors import DEFAULT_DEADLINE_S
from tests.unit.chassis.letters import (
    OPEN,
    PERSON,
    PROGRAM_KEY,
    Letters,
    access_token,
    asking,
    bearer,
    serving,
)

LIST = pb.ListDeadLettersRequest()
METHOD = "interchange.common.v1.DeadLetterService/ListDeadLetters"


def handled(code: str) -> float:
    labels = {"grpc_method": METHOD, "grpc_code": code}
    return REGISTRY.get_sample_value("grpc_server_handled_total", labels) or 0.0


def test_a_handler_knows_who_calls_and_the_next_call_starts_afresh() -> None:
    letters = Letters()
    one_thread = Config(rpc_workers=1)

    with serving(letters, config=one_thread) as server, asking(server.address) as stub:
        stub.ListDeadLetters(LIST, metadata=bearer(access_token()))
        stub.ListDeadLetters(LIST)

    assert [seen.who for seen in letters.seen] == [PERSON, auth.ANONYMOUS]


# Tokens are made when they are needed: a table is made long before.
RULES: list[tuple[policy.Rules, Callable[[], str], type[errors.Error] | None]] = [
    ({"ListDeadLetters": policy.anyone}, str, None),
    ({"ListDeadLetters": policy.signed_in}, str, errors.Unauthenticated),
    ({"ListDeadLetters": policy.signed_in}, access_token, None),
    ({"ListDeadLetters": policy.operator}, access_token, errors.PermissionDenied),
    ({"ListDeadLetters": policy.service("matching")}, access_token, errors.PermissionDenied),
    (
        {"ListDeadLetters": policy.service("matching")},
        ServiceToken(PROGRAM_KEY, "matching"),
        None,
    ),
    ({"ListDeadLetters": policy.anyone}, lambda: "garbage", errors.Unauthenticated),
    ({}, access_token, errors.PermissionDenied),
    ({}, str, errors.Unauthenticated),
]


@pytest.mark.parametrize(("rules", "token", "refusal"), RULES)
def test_the_table_decides_who_comes_in(
    rules: policy.Rules, token: Callable[[], str], refusal: type[errors.Error] | None
) -> None:
    letters, carried = Letters(), token()

    with serving(letters, rules=rules) as server, asking(server.address) as stub:
        caught = outcome(
            lambda: stub.ListDeadLetters(LIST, metadata=bearer(carried) if carried else ())
        )

    assert (type(caught) if caught else None) is refusal
    assert len(letters.seen) == (0 if refusal else 1)


def outcome(call: Callable[[], object]) -> errors.Error | None:
    try:
        call()
    except errors.Error as error:
        return error
    return None


def test_another_scheme_than_bearer_is_refused() -> None:
    with (
        serving(Letters()) as server,
        asking(server.address) as stub,
        pytest.raises(errors.Unauthenticated),
    ):
        stub.ListDeadLetters(LIST, metadata=(("authorization", "Basic YTpi"),))


def test_a_wrong_request_does_not_reach_the_handler() -> None:
    letters = Letters()

    with (
        serving(letters) as server,
        asking(server.address) as stub,
        pytest.raises(errors.InvalidArgument) as caught,
    ):
        stub.ListDeadLetters(pb.ListDeadLettersRequest(page_size=101))

    assert caught.value.reason == "INVALID_FIELDS"
    assert caught.value.violations == (
        errors.FieldViolation("page_size", "int32.gte_lte", "must be from 0 to 100"),
    )
    assert letters.seen == []


def test_who_may_not_call_does_not_learn_whether_the_request_is_right() -> None:
    wrong = pb.ListDeadLettersRequest(page_size=101)

    with (
        serving(Letters(), rules={}) as server,
        asking(server.address) as stub,
        pytest.raises(errors.PermissionDenied),
    ):
        stub.ListDeadLetters(wrong, metadata=bearer(access_token()))


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """What a test sets up for the whole process is not there for the next."""
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("logging_as_before")
def test_an_unforeseen_error_is_hidden_and_logged_without_its_text() -> None:
    def stumble() -> None:
        raise KeyError("ada.lovelace@example.org")

    said = io.StringIO()
    with redirect_stderr(said):
        logs.configure(Config(program="matching"))
        with (
            serving(Letters(then=stumble)) as server,
            asking(server.address) as stub,
            pytest.raises(errors.Internal) as caught,
        ):
            trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
            stub.ListDeadLetters(LIST, metadata=(("traceparent", trace),))

    line = next(line for line in map(json.loads, said.getvalue().splitlines()) if "stack" in line)
    assert caught.value.message == "something went wrong on our side"
    assert line["failure"] == ["KeyError"]
    assert line["method"] == METHOD
    assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert line["stack"][-1].endswith("stumble")
    assert "lovelace" not in said.getvalue()


def test_a_method_without_code_is_unimplemented() -> None:
    request = pb.DropDeadLetterRequest(name="x")

    with (
        serving(Letters()) as server,
        asking(server.address) as stub,
        pytest.raises(errors.Unimplemented),
    ):
        stub.DropDeadLetter(request)


def test_a_handler_that_gives_up_halfway_is_our_fault() -> None:
    def give_up() -> None:
        raise NotImplementedError

    with (
        serving(Letters(then=give_up)) as server,
        asking(server.address) as stub,
        pytest.raises(errors.Internal),
    ):
        stub.ListDeadLetters(LIST)


def test_a_handler_knows_how_long_it_has() -> None:
    letters = Letters()

    with serving(letters) as server, grpc.insecure_channel(server.address) as channel:
        stub = rpc.DeadLetterServiceStub(channel)
        stub.ListDeadLetters(LIST, timeout=3)
        stub.ListDeadLetters(LIST)

    assert 2 < letters.seen[0].left_s < 3
    assert 9 < letters.seen[1].left_s < DEFAULT_DEADLINE_S


def test_every_call_is_counted_with_its_code() -> None:
    before = handled("OK"), handled("INVALID_ARGUMENT")

    with serving(Letters()) as server, asking(server.address) as stub:
        stub.ListDeadLetters(LIST)
        outcome(lambda: stub.ListDeadLetters(pb.ListDeadLettersRequest(page_size=101)))

    assert (handled("OK"), handled("INVALID_ARGUMENT")) == (before[0] + 1, before[1] + 1)


def test_health_answers_without_a_token() -> None:
    with serving(Letters(), rules={}) as server, grpc.insecure_channel(server.address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        question = health_pb2.HealthCheckRequest()
        answer = health.Check(question, timeout=5)  # type: ignore[attr-defined]

    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_an_rpc_error_that_a_handler_lets_through_keeps_its_reason() -> None:
    def refuse() -> None:
        raise errors.NotFound("NO_SUCH_NOTICE", "there is no such notice")

    with serving(Letters(then=refuse)) as behind, grpc.insecure_channel(behind.address) as raw:
        stub = rpc.DeadLetterServiceStub(raw)
        front = Letters(then=lambda: stub.ListDeadLetters(LIST) and None)
        with (
            serving(front, rules=OPEN) as server,
            asking(server.address) as outer,
            pytest.raises(errors.NotFound) as caught,
        ):
            outer.ListDeadLetters(LIST)

    assert caught.value.reason == "NO_SUCH_NOTICE"
