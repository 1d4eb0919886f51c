"""One way for every request: which route, who, how often, what; only then is the service asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from chassis.auth import ANONYMOUS, Call, Principal, Verifier
from chassis.errors import Unauthenticated, Unavailable
from chassis.proxies import TrustedProxies
from gateway import errors, etags, spans
from gateway.answers import Answer
from gateway.asked import Asked
from gateway.config import Config
from gateway.cors import Cors
from gateway.etags import NOT_MODIFIED
from gateway.idempotency import Keys, Slot, checked_key
from gateway.limits import Limits, network_of
from gateway.operation import OK, Operation
from gateway.partners import PartnerDoor, is_for_partners
from gateway.routes import Table
from gateway.spans import Trace
from gateway.working import in_work, understood

BEARER = "Bearer "
CACHING = "Cache-Control"
NO_STORE = "no-store"
# What visitors see is the same for all of them. Short, for a notice that is withdrawn must vanish.
PUBLIC = "public, max-age=10, must-revalidate"
NO_CONTENT = 204
PAGE_METHODS = "GET, HEAD, OPTIONS"

Page = Callable[[], Answer]


class Door:
    """Answers every request, whatever comes."""

    def __init__(
        self,
        config: Config,
        operations: Table[Operation],
        pages: Mapping[str, Page],
        verifier: Verifier,
        limits: Limits,
        keys: Keys,
        partners: PartnerDoor,
        is_open: Callable[[], bool],
    ) -> None:
        """`is_open`: whether people may be answered; partners always are."""
        self._timeout_s = config.call_timeout_s
        self._body_limit = config.body_limit
        self._proxies = TrustedProxies(config.trusted_proxies)
        self._cors = Cors(config.cors_origins)
        self._operations = operations
        self._pages = pages
        self._verifier = verifier
        self._limits = limits
        self._keys = keys
        self._partners = partners
        self._is_open = is_open

    def answer(self, asked: Asked) -> Answer:
        """The answer, with the headers that each one has."""
        answer, trace = self._find(asked)
        headers = {CACHING: NO_STORE, **answer.headers, "Trace-Id": trace.trace_id}
        if self._cors.is_on:
            headers |= self._cors.headers(asked.header("ORIGIN"))
        return Answer(answer.status, answer.body, headers)

    def _find(self, asked: Asked) -> tuple[Answer, Trace]:
        found = self._operations.find(asked.path)
        if found is None and is_for_partners(asked.path):
            return self._partners.answer(asked)
        if found is None:
            return self._find_page(asked)
        operations, segments = found
        operation = operations.get(asked.method)
        if operation is None:
            return self._other_method(asked, _allowed(operations))
        return self._operate(asked, operation, segments)

    def _find_page(self, asked: Asked) -> tuple[Answer, Trace]:
        page = self._pages.get(asked.path)
        if page and asked.method != "GET":
            return self._other_method(asked, PAGE_METHODS)
        trace = spans.unrecorded(asked.header("TRACEPARENT"))
        if page is None:
            return errors.problem(errors.UnknownPath(), trace.trace_id, asked.language), trace
        return etags.unless_known(page(), asked.header("IF_NONE_MATCH")), trace

    def _other_method(self, asked: Asked, allowed: str) -> tuple[Answer, Trace]:
        trace = spans.unrecorded(asked.header("TRACEPARENT"))
        if asked.method != "OPTIONS":
            return errors.problem(
                errors.MethodNotAllowed(allowed), trace.trace_id, asked.language
            ), trace
        preflight = self._cors.preflight(asked.header("ORIGIN"), allowed)
        return Answer(NO_CONTENT, b"", {"Allow": allowed, **preflight}), trace

    def _operate(
        self, asked: Asked, operation: Operation, segments: Sequence[str]
    ) -> tuple[Answer, Trace]:
        """One request to one method: in its trace, counted, answered also when it fails."""
        started = time.monotonic()
        trace = operation.spans.begin(asked.header("TRACEPARENT"))
        call = Call(ANONYMOUS, "", started + self._timeout_s, trace.traceparent)
        reason = ""
        with in_work(call):
            try:
                answer = self._admitted(asked, operation, segments, call, trace)
            except Exception as problem:  # every failure leaves through one door
                error = understood(problem, operation.route.shown)
                reason, answer = error.reason, errors.problem(error, trace.trace_id, asked.language)
        trace.end(answer.status, reason)
        operation.observe(answer.status, time.monotonic() - started)
        if (
            call.principal is ANONYMOUS
            and operation.is_read
            and answer.status in (OK, NOT_MODIFIED)
        ):
            answer.headers[CACHING] = PUBLIC
        return answer, trace

    def _admitted(
        self,
        asked: Asked,
        operation: Operation,
        segments: Sequence[str],
        call: Call,
        trace: Trace,
    ) -> Answer:
        if not self._is_open():
            raise Unavailable("STARTING", "the region has just started; try again in a moment")
        call.token = _token(asked.header("AUTHORIZATION"))
        if call.token:
            call.principal = self._verifier.verify(call.token)
        address = network_of(asked.address(self._proxies))
        self._limits.spend(operation.kind, call.principal, address)
        body = asked.body(self._body_limit) if operation.takes_body else b""
        message = operation.read(asked, segments, body)

        def carry_out() -> Answer:
            return operation.carry_out(message, asked, self._timeout_s)

        if not operation.keeps_answers or not asked.has("IDEMPOTENCY_KEY"):
            return carry_out()
        key = checked_key(asked.header("IDEMPOTENCY_KEY"))
        slot = Slot.of(_caller(call.principal, address), key, _content(asked, body))
        return self._keys.once(
            slot, carry_out, lambda error: errors.problem(error, trace.trace_id, asked.language)
        )


def _allowed(operations: Mapping[str, Operation]) -> str:
    head = ["HEAD"] if "GET" in operations else []
    return ", ".join([*operations, *head, "OPTIONS"])


def _token(header: str) -> str:
    if header and not header.startswith(BEARER):
        raise Unauthenticated("BAD_TOKEN", "send Authorization: Bearer with your access token")
    return header.removeprefix(BEARER)


def _caller(who: Principal, address: str) -> str:
    """Whose idempotency key it is."""
    return who.person or who.service or address


def _content(asked: Asked, body: bytes) -> bytes:
    """All that makes two requests the same."""
    parts = [asked.path, asked.query, asked.header("IF_MATCH")]
    return "\0".join(parts).encode(errors="surrogateescape") + b"\0" + body
