"""Errors raised by name: one typed error that crosses the RPC boundary whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar, cast

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

DOMAIN = "interchange"
DETAILS_KEY = "grpc-status-details-bin"

Detail = TypeVar("Detail", ErrorInfo, BadRequest)


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """What is wrong with one field: its path in proto names, a reason code, a sentence on what would be right."""

    field: str
    reason: str
    description: str


class Error(Exception):
    """A refusal with a stable reason code, a sentence for people and, where it applies, the fields at fault."""

    code: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        field: str = "",
        violations: Sequence[FieldViolation] = (),
        **metadata: str,
    ) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message
        self.violations = tuple(violations) or _violation_of(field, reason, message)
        self.metadata = metadata


class InvalidArgument(Error):
    """The request is wrong whatever the state of the system."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class Unauthenticated(Error):
    """We do not know who is calling."""

    code = grpc.StatusCode.UNAUTHENTICATED


class PermissionDenied(Error):
    """We know who is calling, and they may not."""

    code = grpc.StatusCode.PERMISSION_DENIED


class NotFound(Error):
    """There is no such thing, and the caller may know that."""

    code = grpc.StatusCode.NOT_FOUND


class AlreadyExists(Error):
    """What should be made is there already."""

    code = grpc.StatusCode.ALREADY_EXISTS


class FailedPrecondition(Error):
    """The thing is not in the state that this step needs."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class Aborted(Error):
    """Somebody else changed it first: read again, then try again."""

    code = grpc.StatusCode.ABORTED


class ResourceExhausted(Error):
    """Too much was asked for: wait, then try again."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class Unavailable(Error):
    """Something that we need does not answer: try again."""

    code = grpc.StatusCode.UNAVAILABLE


class DeadlineExceeded(Error):
    """The answer would have come too late."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class Unimplemented(Error):
    """The contract has this call, this program does not answer it."""

    code = grpc.StatusCode.UNIMPLEMENTED


class Internal(Error):
    """Our fault. The text says nothing about the inside."""

    code = grpc.StatusCode.INTERNAL


# Codes that we never raise but meet: what they mean to whoever called.
FOREIGN = {
    grpc.StatusCode.CANCELLED: Unavailable,
    grpc.StatusCode.OUT_OF_RANGE: InvalidArgument,
    grpc.StatusCode.UNKNOWN: Internal,
    grpc.StatusCode.DATA_LOSS: Internal,
}
OURS: Iterable[type[Error]] = Error.__subclasses__()
BY_CODE: dict[grpc.StatusCode, type[Error]] = {kind.code: kind for kind in OURS} | FOREIGN

# Texts of gRPC itself name hosts and ports: callers get these instead.
TRANSPORT_TEXTS = {
    grpc.StatusCode.UNAVAILABLE: "a part of the service does not answer; try again in a moment",
    grpc.StatusCode.DEADLINE_EXCEEDED: "the answer took too long; try again in a moment",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "the service is busy; try again in a moment",
    grpc.StatusCode.UNIMPLEMENTED: "this call is not available here",
}
HIDDEN = "something went wrong on our side"


def hidden() -> Internal:
    """What callers learn of an error that nobody foresaw."""
    return Internal("INTERNAL", HIDDEN)


def to_status(error: Error) -> Status:
    """The error as google.rpc.Status: ErrorInfo always, BadRequest when fields are at fault."""
    status = Status(code=error.code.value[0], message=error.message)
    _pack(status, ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata))
    if error.violations:
        _pack(status, BadRequest(field_violations=[_to_proto(each) for each in error.violations]))
    return status


def from_rpc(failure: grpc.RpcError) -> Error:
    """The error that the other side raised, or what a failure of the transport means."""
    call = cast(grpc.Call, failure)  # what stubs raise is both
    code = call.code()
    kind = BY_CODE.get(code, Internal)
    status = _status_of(call)
    info = _unpack(status, ErrorInfo()) if status else None
    if status is None or info is None:
        return kind(code.name, TRANSPORT_TEXTS.get(code, HIDDEN))
    request = _unpack(status, BadRequest()) or BadRequest()
    violations = [_from_proto(each) for each in request.field_violations]
    error = kind(info.reason, status.message, violations=violations)
    error.metadata = dict(info.metadata)
    return error


def _violation_of(field: str, reason: str, message: str) -> tuple[FieldViolation, ...]:
    return (FieldViolation(field, reason, message),) if field else ()


def _to_proto(violation: FieldViolation) -> BadRequest.FieldViolation:
    return BadRequest.FieldViolation(
        field=violation.field, reason=violation.reason, description=violation.description
    )


def _from_proto(violation: BadRequest.FieldViolation) -> FieldViolation:
    return FieldViolation(violation.field, violation.reason, violation.description)


def _pack(status: Status, detail: ErrorInfo | BadRequest) -> None:
    packed = AnyMessage()
    packed.Pack(detail)
    status.details.append(packed)


def _unpack(status: Status, into: Detail) -> Detail | None:
    return next((into for detail in status.details if detail.Unpack(into)), None)


def _status_of(call: grpc.Call) -> Status | None:
    for key, value in call.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            return _parsed(value)
    return None


def _parsed(raw: bytes) -> Status | None:
    try:
        return Status.FromString(raw)
    except DecodeError:
        return None
