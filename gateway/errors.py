"""What went wrong as an RFC 9457 problem document: the one place that gives errors their HTTP status."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import grpc

from chassis.errors import (
    Aborted,
    AlreadyExists,
    DeadlineExceeded,
    Error,
    FailedPrecondition,
    FieldViolation,
    Internal,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from gateway import welsh
from gateway.answers import Answer
from gateway.codec import Wrong, dumps

PROBLEM = "application/problem+json"
TYPE = "urn:interchange:problem:"
ENGLISH, WELSH = "en", "cy"
INVALID_FIELDS = "INVALID_FIELDS"
CHALLENGE = 'Bearer realm="interchange"'
TRY_AGAIN_S = 1
FAULT = 500  # from here on it is ours
# What gRPC itself says when no program answered.
TRANSPORT = frozenset(code.name for code in grpc.StatusCode)


class UnknownPath(NotFound):
    """Nothing is at this path."""

    def __init__(self) -> None:
        super().__init__("UNKNOWN_PATH", "there is nothing at this path: see /docs")


class MethodNotAllowed(Error):
    """The path is right, the method is not."""

    def __init__(self, allowed: str) -> None:
        super().__init__("METHOD_NOT_ALLOWED", f"only {allowed} can be done here")
        self.allowed = allowed


class BodyTooLarge(Error):
    """More than we read."""

    def __init__(self, limit: int) -> None:
        super().__init__("BODY_TOO_LARGE", f"the body must have at most {limit} bytes")


class PathTooLong(Error):
    """More path and query than the server reads."""

    def __init__(self) -> None:
        super().__init__("URI_TOO_LONG", "path and query are too long: ask for less at once")


class HeadersTooLarge(Error):
    """More headers than the server reads."""

    def __init__(self) -> None:
        super().__init__("HEADERS_TOO_LARGE", "the headers are too large")


class NotJson(Error):
    """The body is of a kind that we do not read."""

    def __init__(self, detail: str = "send the body as application/json") -> None:
        super().__init__("UNSUPPORTED_MEDIA_TYPE", detail)


class KeyReused(Error):
    """An idempotency key stands for one request only."""

    def __init__(self) -> None:
        super().__init__(
            "IDEMPOTENCY_KEY_REUSED",
            "this Idempotency-Key was sent with another request: use a new key for each",
        )


class TooManyRequests(ResourceExhausted):
    """The caller's share of this minute is used up."""

    def __init__(self, wait_s: int) -> None:
        super().__init__("TOO_MANY_REQUESTS", f"too many requests: try again in {wait_s} s")
        self.wait_s = wait_s


STATUS: dict[type[Error], HTTPStatus] = {
    InvalidArgument: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    PermissionDenied: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    FailedPrecondition: HTTPStatus.CONFLICT,
    AlreadyExists: HTTPStatus.CONFLICT,
    Aborted: HTTPStatus.CONFLICT,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    PathTooLong: HTTPStatus.REQUEST_URI_TOO_LONG,
    HeadersTooLarge: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    NotJson: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    ResourceExhausted: HTTPStatus.TOO_MANY_REQUESTS,
    Internal: HTTPStatus.INTERNAL_SERVER_ERROR,
    Unimplemented: HTTPStatus.NOT_IMPLEMENTED,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    DeadlineExceeded: HTTPStatus.GATEWAY_TIMEOUT,
}
# Where the reason says more than the kind.
STATUS_OF_REASON = {
    "STALE_ETAG": HTTPStatus.PRECONDITION_FAILED,
    grpc.StatusCode.RESOURCE_EXHAUSTED.name: HTTPStatus.SERVICE_UNAVAILABLE,  # a program is full
}


def status_of(error: Error) -> int:
    """The HTTP status of an error."""
    by_kind = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return STATUS_OF_REASON.get(error.reason, by_kind).value


def is_from_transport(error: Error) -> bool:
    """Whether gRPC said it, and no program of ours."""
    return error.reason in TRANSPORT


def invalid(problem: Wrong) -> InvalidArgument:
    """Wrong JSON as an error that names every field."""
    fields = ", ".join(dict.fromkeys(each.field for each in problem.violations if each.field))
    text = f"these fields are not right: {fields}" if fields else "the body is not right"
    return InvalidArgument(INVALID_FIELDS, text, violations=problem.violations)


def problem(error: Error, trace_id: str, language: str = ENGLISH) -> Answer:
    """The error as a problem document, in Welsh as far as there is some."""
    status, in_welsh = status_of(error), language == WELSH
    document: dict[str, Any] = {
        "type": TYPE + error.reason.lower().replace("_", "-"),
        "title": welsh.title(error) if in_welsh else _title(error),
        "status": status,
        "detail": _detail(error, in_welsh=in_welsh),
        "reason": error.reason,
        "traceId": trace_id,
    }
    if error.violations:
        document["errors"] = list(_fields(error.violations, in_welsh=in_welsh))
    if error.metadata:
        document["metadata"] = error.metadata
    headers = {"Content-Type": PROBLEM, "Content-Language": language, **_headers(error, status)}
    return Answer(status, dumps(document), headers)


def _title(error: Error) -> str:
    return error.reason.replace("_", " ").capitalize()


def _detail(error: Error, *, in_welsh: bool) -> str:
    """What happened. A sentence about one field is no sentence without it."""
    said = (welsh.sentence(error) if in_welsh else "") or error.message
    about = [each.field for each in error.violations if each.description == error.message]
    return f"{about[0]}: {said}" if about and about[0] else said


def _fields(violations: Iterable[FieldViolation], *, in_welsh: bool) -> Iterable[dict[str, str]]:
    for each in violations:
        said = welsh.field(each) if in_welsh else each.description
        yield {"field": each.field, "reason": each.reason, "detail": said}


def _headers(error: Error, status: int) -> dict[str, str]:
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(error.wait_s)}
    if isinstance(error, MethodNotAllowed):
        return {"Allow": error.allowed}
    if isinstance(error, Unauthenticated):
        said = ', error="invalid_token"' if "TOKEN" in error.reason else ""
        return {"WWW-Authenticate": CHALLENGE + said}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(TRY_AGAIN_S)}
    return {}
