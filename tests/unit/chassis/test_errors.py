"""Errors cross the wire whole, and say nothing about the inside."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from interchange.common.v1 import dead_letters_pb2 as pb
from interchange.common.v1 import dead_letters_pb2_grpc as rpc

from chassis import errors
from tests.unit.chassis.letters import Letters, asking, serving

OURS = [
    errors.InvalidArgument,
    errors.Unauthenticated,
    errors.PermissionDenied,
    errors.NotFound,
    errors.AlreadyExists,
    errors.FailedPrecondition,
    errors.Aborted,
    errors.ResourceExhausted,
    errors.Unavailable,
    errors.DeadlineExceeded,
    errors.Unimplemented,
    errors.Internal,
]


@pytest.mark.parametrize("kind", OURS)
def test_an_error_arrives_as_it_was_raised(kind: type[errors.Error]) -> None:
    def refuse() -> None:
        raise kind("SOME_REASON", "a sentence", field="title", notice="notices/1")

    with (
        serving(Letters(then=refuse)) as server,
        asking(server.address) as stub,
        pytest.raises(kind) as caught,
    ):
        stub.ReplayDeadLetter(pb.ReplayDeadLetterRequest(name="x"))

    error = caught.value
    assert type(error) is kind
    assert (error.reason, error.message) == ("SOME_REASON", "a sentence")
    assert error.metadata == {"notice": "notices/1"}
    assert error.violations == (errors.FieldViolation("title", "SOME_REASON", "a sentence"),)


def test_a_status_carries_the_reason_and_the_fields() -> None:
    violation = errors.FieldViolation("title", "TOO_LONG", "must be shorter")

    status = errors.to_status(errors.InvalidArgument("BAD", "no", violations=[violation], a="b"))

    info, request = ErrorInfo(), BadRequest()
    assert status.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain, dict(info.metadata)) == ("BAD", "interchange", {"a": "b"})
    assert status.details[1].Unpack(request)
    assert request.field_violations[0].description == "must be shorter"


def test_nobody_at_home_is_unavailable_and_names_no_host() -> None:
    with asking("127.0.0.1:1") as stub, pytest.raises(errors.Unavailable) as caught:
        stub.ReplayDeadLetter(pb.ReplayDeadLetterRequest(name="x"))

    assert caught.value.reason == "UNAVAILABLE"
    assert "127.0.0.1" not in caught.value.message


def test_a_foreign_error_without_details_is_hidden() -> None:
    with serving(Letters()) as server, grpc.insecure_channel(server.address) as channel:
        method = "/interchange.common.v1.DeadLetterService/NoSuchMethod"
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
        with pytest.raises(grpc.RpcError) as caught:
            call(b"")

    assert isinstance(errors.from_rpc(caught.value), errors.Unimplemented)


def test_damaged_details_do_not_hide_the_code() -> None:
    class Damaged(Letters):
        def ListDeadLetters(
            self, request: pb.ListDeadLettersRequest, context: grpc.ServicerContext
        ) -> pb.ListDeadLettersResponse:
            context.set_trailing_metadata(((errors.DETAILS_KEY, b"\xff\xff"),))
            context.abort(grpc.StatusCode.NOT_FOUND, "at 10.0.0.1")

    server = grpc.server(ThreadPoolExecutor(1))
    rpc.add_DeadLetterServiceServicer_to_server(Damaged(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with asking(f"127.0.0.1:{port}") as stub, pytest.raises(errors.NotFound) as caught:
            stub.ListDeadLetters(pb.ListDeadLettersRequest())
    finally:
        server.stop(0)

    assert "10.0.0.1" not in caught.value.message
