"""The worker that serves, and its word on requests that never reach the application."""

from __future__ import annotations

import socket
from http import HTTPStatus
from typing import Any

import structlog
from gunicorn import util
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException

import chassis.wsgi
from chassis.errors import Error, InvalidArgument, hidden
from gateway import errors, spans
from gateway.answers import Answer

log = structlog.get_logger(__name__)


class Worker(chassis.wsgi.Worker):
    """The same, with problem documents in place of gunicorn's pages."""

    def answer_error(self, _: Any, client: socket.socket, __: Any, problem: Exception) -> None:
        trace = spans.unrecorded("")
        answer = errors.problem(_understood(problem), trace.trace_id)
        try:
            util.write_nonblock(client, _raw(answer, trace.trace_id))  # type: ignore[no-untyped-call]
        except OSError:
            log.debug("client_gone")


def _understood(problem: Exception) -> Error:
    if isinstance(problem, LimitRequestLine):
        return errors.PathTooLong()
    if isinstance(problem, LimitRequestHeaders):
        return errors.HeadersTooLarge()
    if isinstance(problem, ParseException):
        return InvalidArgument("BAD_REQUEST", "this is not HTTP as we read it")
    log.error("worker_failed", exc_info=problem)
    return hidden()


def _raw(answer: Answer, trace_id: str) -> bytes:
    """The answer as it goes over the wire."""
    headers = {
        **answer.headers,
        "Content-Length": str(len(answer.body)),
        "Connection": "close",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Trace-Id": trace_id,
    }
    first = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"
    lines = [first, *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + answer.body
