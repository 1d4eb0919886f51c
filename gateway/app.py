"""The door itself: Flask, with one way for every request."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import grpc
import structlog
from flask import Flask, Request, Response, request
from redis import Redis
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from chassis.auth import ANONYMOUS, Call, Principal, Verifier, current
from chassis.errors import Error, Internal, InvalidArgument, Unauthenticated, hidden
from gateway import errors, spans
from gateway.answers import JSON, Answer
from gateway.config import Config
from gateway.cors import Cors
from gateway.docs import docs
from gateway.health import Readiness
from gateway.idempotency import Keys, Slot, checked_key
from gateway.limits import Limits, network_of
from gateway.operation import Asked, Operation
from gateway.routes import Table, all_routes
from gateway.spans import Trace

BEARER = "Bearer "
NO_STORE = "no-store"
# What visitors see is the same for all of them. Short, for a notice that is withdrawn must vanish.
PUBLIC = "public, max-age=10, must-revalidate"
NO_CONTENT = 204
OK = 200
VARY = "Authorization, Origin"

# On every answer. Nothing here is a page but /docs, which brings its own policy.
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "Vary": VARY,
}

Page = Callable[[], Answer]

log = structlog.get_logger(__name__)


class Gateway(Flask):
    """Flask without its router: the contract's own table finds what a path means."""

    def __init__(self, door: Door, config: Config) -> None:
        super().__init__("gateway", static_folder=None)
        self.config["MAX_CONTENT_LENGTH"] = config.body_limit
        self._door = door

    def create_url_adapter(self, request: Request | None) -> None:
        return None

    def dispatch_request(self) -> Response:
        return self._door(request)


def create_app(
    config: Config, channels: Mapping[str, grpc.Channel], verifier: Verifier, redis: Redis
) -> Gateway:
    """The whole gateway. Make it in the process that serves: channels do not survive a fork."""
    operations = [Operation(route, channels[route.program]) for route in all_routes()]
    readiness = Readiness(channels, redis)
    pages: dict[str, Page] = {
        **docs(),
        "/healthz": lambda: Answer(OK, b'{"status":"ok"}', {"Content-Type": JSON}),
        "/readyz": readiness.answer,
    }
    keys = Keys(redis, timeout_s=config.call_timeout_s)
    door = Door(config, Table(operations), pages, verifier, Limits(config), keys)
    return Gateway(door, config)


class Door:
    """Answers every request: finds the route, then who, how often, what, and only then asks the service."""

    def __init__(
        self,
        config: Config,
        table: Table[Operation],
        pages: Mapping[str, Page],
        verifier: Verifier,
        limits: Limits,
        keys: Keys,
    ) -> None:
        self._timeout_s = config.call_timeout_s
        self._body_limit = config.body_limit
        self._proxies = config.trusted_proxies
        self._table = table
        self._pages = pages
        self._verifier = verifier
        self._limits = limits
        self._keys = keys
        self._cors = Cors(config.cors_origins)

    def __call__(self, asked: Request) -> Response:
        found = self._table.find(asked.path)
        if found is None:
            return self._local(asked)
        operations, segments = found
        method = "GET" if asked.method == "HEAD" else asked.method
        operation = operations.get(method)
        if operation is None:
            return self._other_method(asked, _allowed(operations))
        return self._operate(asked, operation, segments)

    def _local(self, asked: Request) -> Response:
        """What the door answers by itself."""
        trace = spans.unrecorded(asked.headers.get("traceparent", ""))
        page = self._pages.get(asked.path)
        if page is None:
            return self._dressed(asked, errors.problem(errors.UnknownPath(), trace.trace_id), trace)
        if asked.method not in ("GET", "HEAD"):
            return self._other_method(asked, "GET, HEAD, OPTIONS")
        return self._dressed(asked, page(), trace)

    def _other_method(self, asked: Request, allowed: str) -> Response:
        trace = spans.unrecorded(asked.headers.get("traceparent", ""))
        if asked.method == "OPTIONS":
            preflight = self._cors.preflight(asked.headers.get("Origin", ""), allowed)
            return self._dressed(asked, Answer(NO_CONTENT, b"", {"Allow": allowed, **preflight}), trace)
        refusal = errors.MethodNotAllowed(allowed)
        return self._dressed(asked, errors.problem(refusal, trace.trace_id), trace)

    def _operate(self, asked: Request, operation: Operation, segments: Sequence[str]) -> Response:
        """One request to one method, in its trace, counted, whatever comes of it."""
        started = time.monotonic()
        trace = operation.spans.begin(asked.headers.get("traceparent", ""))
        call = Call(ANONYMOUS, "", started + self._timeout_s, trace.traceparent)
        reason = ""
        with _in_work(call):
            try:
                answer = self._answer(asked, operation, segments, call, trace)
            except Exception as problem:  # every failure leaves through one door
                error = _understood(problem, operation)
                reason = error.reason
                answer = errors.problem(error, trace.trace_id)
        trace.end(answer.status, reason)
        operation.observe(answer.status, time.monotonic() - started)
        _set_caching(answer, is_public=operation.is_read and call.principal is ANONYMOUS)
        return self._dressed(asked, answer, trace)

    def _answer(
        self,
        asked: Request,
        operation: Operation,
        segments: Sequence[str],
        call: Call,
        trace: Trace,
    ) -> Answer:
        call.token = _token(asked.headers.get("Authorization", ""))
        if call.token:
            call.principal = self._verifier.verify(call.token)
        address = self._address(asked)
        self._limits.spend(operation.kind, call.principal, address)
        parts = self._parts(asked, operation, segments)
        message = operation.read(parts)
        key = asked.headers.get("Idempotency-Key")

        def carry_out() -> Answer:
            return operation.carry_out(message, parts, self._timeout_s)

        if key is None or not operation.keeps_answers:
            return carry_out()
        slot = Slot.of(_caller(call.principal, address), checked_key(key), _content(parts))
        return self._keys.once(slot, carry_out, lambda error: errors.problem(error, trace.trace_id))

    def _parts(self, asked: Request, operation: Operation, segments: Sequence[str]) -> Asked:
        return Asked(
            segments=segments,
            path=asked.path,
            query=asked.query_string.decode("latin-1"),
            body=self._body(asked) if operation.transcoder.takes_body else b"",
            if_match=asked.headers.get("If-Match", ""),
            if_none_match=asked.headers.get("If-None-Match", ""),
        )

    def _body(self, asked: Request) -> bytes:
        try:
            body = asked.get_data(cache=False)
        except RequestEntityTooLarge as problem:
            raise errors.BodyTooLarge(self._body_limit) from problem
        except (HTTPException, OSError) as problem:
            raise InvalidArgument("BROKEN_BODY", "the body broke off") from problem
        if body and asked.mimetype != JSON:
            raise errors.NotJson()
        if asked.headers.get("Content-Encoding", "identity") != "identity":
            raise errors.NotJson("send the body without Content-Encoding")
        return body

    def _address(self, asked: Request) -> str:
        """Who is at the other end, as far as our own proxies know."""
        remote = asked.environ.get("REMOTE_ADDR", "")
        if not self._proxies:
            return network_of(remote)
        forwarded = [*asked.headers.get("X-Forwarded-For", "").split(","), remote]
        return network_of(forwarded[-min(self._proxies + 1, len(forwarded))].strip() or remote)

    def _dressed(self, asked: Request, answer: Answer, trace: Trace) -> Response:
        """With what every answer carries."""
        headers = {**SECURITY, "Cache-Control": NO_STORE, **answer.headers, "Trace-Id": trace.trace_id}
        if self._cors.is_on:
            headers |= self._cors.headers(asked.headers.get("Origin", ""))
        response = Response(answer.body, answer.status, headers)
        if not answer.body:
            response.headers.pop("Content-Type", None)
        return response


@contextmanager
def _in_work(call: Call) -> Iterator[None]:
    reset = current.set(call)
    try:
        yield
    finally:
        current.reset(reset)


def _allowed(operations: Mapping[str, Operation]) -> str:
    head = ["HEAD"] if "GET" in operations else []
    return ", ".join([*operations, *head, "OPTIONS"])


def _understood(problem: Exception, operation: Operation) -> Error:
    """What happened, in our words. What nobody foresaw is logged, and hidden from the caller."""
    if isinstance(problem, Error) and not isinstance(problem, Internal):
        return problem
    log.error("request_failed", route=operation.route.shown, exc_info=problem)
    return problem if isinstance(problem, Error) else hidden()


def _token(header: str) -> str:
    if header and not header.startswith(BEARER):
        raise Unauthenticated("BAD_TOKEN", "send Authorization: Bearer with your access token")
    return header.removeprefix(BEARER)


def _caller(who: Principal, address: str) -> str:
    """Whose idempotency key it is."""
    return who.person or who.service or address


def _content(parts: Asked) -> bytes:
    """All that makes two requests the same."""
    return b"\0".join([parts.path.encode(), parts.query.encode(), parts.if_match.encode(), parts.body])


def _set_caching(answer: Answer, *, is_public: bool) -> None:
    if is_public and answer.status in (OK, 304):
        answer.headers["Cache-Control"] = PUBLIC
