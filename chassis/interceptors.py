"""The one gate before every handler: errors, deadline, who, may they, is the request right."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import grpc
import structlog
from google.protobuf.message import Message
from prometheus_client import Counter
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis import metrics
from chassis.auth import ANONYMOUS, Call, Principal, Verifier, current
from chassis.errors import (
    DETAILS_KEY,
    DeadlineExceeded,
    Error,
    InvalidArgument,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
    Unimplemented,
    from_rpc,
    hidden,
    to_status,
)
from chassis.policy import Rule, Rules, who_may
from chassis.tracing import BLAMED, RpcMethod, is_on
from chassis.validation import validate

DEFAULT_DEADLINE_S = 10.0
# Twenty milliseconds short of the caller's deadline, so that we can say which
# step was slow before the caller gives up on us.
MARGIN_S = 0.020
# A call without a deadline shows one in the far future.
ENDLESS_S = 86_400.0
BEARER = "Bearer "
# gRPC's own services (health, reflection) answer anybody who reaches the port.
INFRASTRUCTURE = "/grpc."

Handler = Callable[[Any, grpc.ServicerContext], Any]

log = structlog.get_logger(__name__)


class Gate(grpc.ServerInterceptor):
    """Puts a `GuardedMethod` before each handler, once for each method."""

    def __init__(self, rules: Rules, verifier: Verifier) -> None:
        self._rules = rules
        self._verifier = verifier
        self._handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler[Any, Any] | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        known = self._handlers.get(handler_call_details.method)
        if known:
            return known
        handler = continuation(handler_call_details)
        if handler is None:  # no such method; names that callers make up are not kept
            return None
        return self._handlers.setdefault(
            handler_call_details.method, self._guard(handler_call_details.method, handler)
        )

    def _guard(
        self, method: str, handler: grpc.RpcMethodHandler[Any, Any]
    ) -> grpc.RpcMethodHandler[Any, Any]:
        if method.startswith(INFRASTRUCTURE):
            return handler
        rule = self._rules.get(method.rpartition("/")[2], nobody)
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(
                GuardedMethod(method, handler.unary_unary, rule, self._verifier),
                request_deserializer=handler.request_deserializer,
                response_serializer=handler.response_serializer,
            )
        if handler.unary_stream:
            return grpc.unary_stream_rpc_method_handler(
                GuardedStream(method, handler.unary_stream, rule, self._verifier),
                request_deserializer=handler.request_deserializer,
                response_serializer=handler.response_serializer,
            )
        raise TypeError(f"{method} takes a stream: the gate knows single requests only")


def nobody(_: Principal) -> bool:
    """The rule of a method that has none."""
    return False


class GuardedMethod:
    """One method behind the gate. Everything that can be made once is made here, not per call."""

    def __init__(self, method: str, handler: Handler, rule: Rule, verifier: Verifier) -> None:
        self._method = method.lstrip("/")
        self._handler = handler
        self._rule = rule
        self._verify = verifier.verify
        self._spans = RpcMethod(method) if is_on() else None
        self._seconds = metrics.rpc_seconds.labels(self._method)
        self._ok = self._counter(grpc.StatusCode.OK)

    def __call__(self, request: Message, context: grpc.ServicerContext) -> Message:
        started = time.monotonic()
        call = _call(context, started)
        reset = current.set(call)
        metrics.rpc_in_progress.inc()
        span = self._spans.served(call.traceparent) if self._spans else None
        try:
            self._admit(request, call, started)
            answer: Message = self._handler(request, context)
            self._ok.inc()
            if span:
                span.tell(call.principal.acts_as, request, answer)
            return answer
        except Exception as problem:  # every failure leaves through one door
            error = self._failed(problem, context)
            if span:
                span.tell(call.principal.acts_as, request)
                span.fail(error, blamed=error.code in BLAMED)
            _abort(context, error)
        finally:
            if span:
                span.end()
            current.reset(reset)
            metrics.rpc_in_progress.dec()
            self._seconds.observe(time.monotonic() - started)

    def _admit(self, request: Message, call: Call, started: float) -> None:
        """Learn who is calling; refuse what is late, what they may not do, and what is not right."""
        if call.deadline <= started:
            raise DeadlineExceeded("TOO_LATE", "the call waited until its time was up")
        if call.token:
            call.principal = self._verify(call.token)
        if not self._rule(call.principal):
            self._deny(call.principal)
        validate(request)

    def _failed(self, problem: Exception, context: grpc.ServicerContext) -> Error:
        error = self._understand(problem, context)
        self._counter(error.code).inc()
        return error

    def _deny(self, who: Principal) -> NoReturn:
        if who is ANONYMOUS:
            raise Unauthenticated("SIGN_IN_FIRST", "sign in to do this")
        others = who_may(self._rule)
        text = f"this is for {others} to do" if others else "you may not do this"
        raise PermissionDenied("MAY_NOT_CALL", text)

    def _understand(self, problem: Exception, context: grpc.ServicerContext) -> Error:
        """What happened, in our words. What nobody foresaw is logged, and hidden from the caller."""
        error = _known(problem, context)
        if error is None or isinstance(error, Unavailable):
            log.error("rpc_failed", method=self._method, exc_info=problem)
        return error or hidden()

    def _counter(self, code: grpc.StatusCode) -> Counter:
        return metrics.rpc_handled.labels(self._method, code.name)


class GuardedStream(GuardedMethod):
    """One method that answers with a stream. Its generator runs on one thread, whose call is set for each step."""

    def __call__(  # type: ignore[override]
        self, request: Message, context: grpc.ServicerContext
    ) -> Iterator[Message]:
        started = time.monotonic()
        call = _call(context, started)
        try:
            with _in_work(call):
                self._admit(request, call, started)
                answers = iter(self._handler(request, context))
            while True:
                with _in_work(call):
                    answer = next(answers, None)
                if answer is None:
                    break
                yield answer
            self._ok.inc()
        except Exception as problem:
            _abort(context, self._failed(problem, context))
        finally:
            self._seconds.observe(time.monotonic() - started)


@contextmanager
def _in_work(call: Call) -> Iterator[None]:
    reset = current.set(call)
    try:
        yield
    finally:
        current.reset(reset)


def _call(context: grpc.ServicerContext, started: float) -> Call:
    token = traceparent = ""
    for key, value in context.invocation_metadata():
        if key == "authorization":
            token = _bearer(str(value))
        elif key == "traceparent":
            traceparent = str(value)
    left = context.time_remaining()
    seconds = left if left < ENDLESS_S else DEFAULT_DEADLINE_S
    return Call(ANONYMOUS, token, started + seconds - MARGIN_S, traceparent)


def _bearer(value: str) -> str:
    # Another scheme is not a token: it is handed on whole, and found to be a bad one.
    return value.removeprefix(BEARER)


def _known(problem: Exception, context: grpc.ServicerContext) -> Error | None:
    if isinstance(problem, Error):
        return problem
    if isinstance(problem, grpc.RpcError):
        return from_rpc(problem)
    if isinstance(problem, DataError):  # NUL in a text, to PostgreSQL
        return InvalidArgument("BAD_TEXT", "a text has a character that nobody can read")
    if isinstance(problem, OperationalError | PoolTimeout):
        return Unavailable("DATABASE_UNAVAILABLE", "try again in a moment")
    # The generated base class sets this code; anybody else's NotImplementedError is a fault.
    code = context.code()  # type: ignore[attr-defined]  # the stubs do not know it
    if isinstance(problem, NotImplementedError) and code is grpc.StatusCode.UNIMPLEMENTED:
        return Unimplemented("NOT_IMPLEMENTED", "this call is not available here")
    return None


def _abort(context: grpc.ServicerContext, error: Error) -> NoReturn:
    context.set_trailing_metadata(((DETAILS_KEY, to_status(error).SerializeToString()),))
    context.abort(error.code, error.message)
