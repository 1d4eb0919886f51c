"""Channels to other programs: token, deadline, trace and errors are taken care of on each call."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.resources import files
from types import TracebackType
from typing import Any, Self, cast

import grpc
from google.api.annotations_pb2 import http
from google.api.http_pb2 import HttpRule
from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodDescriptorProto

from chassis.auth import ServiceToken, current, remaining_s
from chassis.errors import DeadlineExceeded, Error, Internal, Unauthenticated, from_rpc
from chassis.tls import Tls
from chassis.tracing import TRACEPARENT, RpcMethod, is_on

MAX_MESSAGE = 4 * 1024 * 1024
DEFAULT_TIMEOUT_S = 5.0
# A server that was told to stop lets what it has begun go on for longer than this (chassis.server.GRACE_S), and cancels
# at once what comes then. So what is cancelled sooner was not begun.
NOT_BEGUN_S = 4.0
# gRPC's word for a call that it sent to nobody: the last replica has gone, and the next one's address is not known yet.
SENT_TO_NOBODY = "connections to all backends failing"
AGAIN_AFTER_S = (0.05, 0.15, 0.3)
READS = ("Get", "BatchGet", "List", "Search")

Metadata = tuple[tuple[str, str | bytes], ...]

OPTIONS: list[tuple[str, int | str]] = [
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    # A machine that vanished without a word is noticed within 35 s, also between calls.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # A program that restarts is found again soon: the default waits up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A replica that came back has another address: the default looks once in half a minute.
    ("grpc.dns_min_time_between_resolutions_ms", 1_000),
]


def channel(
    address: str, *, token: ServiceToken | None = None, tls: Tls | None = None
) -> grpc.Channel:
    """A channel whose plain calls raise `chassis.errors`, never grpc.RpcError.

    With a service token the program speaks for itself; without one it hands on the token of the
    call in work, if any. A call that sets no timeout gets 5 s, or what its caller has left.
    Reads are tried again when the other side is away; writes are not, for they may have happened. What nobody
    has begun, since a replica stops or the next one is not known yet, is asked again.
    """
    options = [*OPTIONS, ("grpc.service_config", service_config())]
    inner = (
        grpc.secure_channel(address, tls.channel(), options)
        if tls
        else grpc.insecure_channel(address, options)
    )
    return Channel(inner, token)


@cache
def service_config() -> str:
    """Each call to the next replica; retries of the methods that only read. No `timeout` here: it fires early."""
    retry = {
        "name": read_methods(),
        "retryPolicy": {
            "maxAttempts": 3,
            "initialBackoff": "0.05s",
            "maxBackoff": "0.5s",
            "backoffMultiplier": 3,
            "retryableStatusCodes": ["UNAVAILABLE"],
        },
    }
    throttling = {"maxTokens": 20, "tokenRatio": 0.1}  # a storm of retries feeds itself
    return json.dumps(
        {
            # Of a name with several addresses each gets its share; of one address it changes nothing.
            "loadBalancingConfig": [{"round_robin": {}}],
            "methodConfig": [retry],
            "retryThrottling": throttling,
        }
    )


def read_methods() -> list[dict[str, str]]:
    """Every method in the contract that changes nothing."""
    image = FileDescriptorSet.FromString(
        files("interchange").joinpath("descriptors.binpb").read_bytes()
    )
    return [
        {"service": f"{file.package}.{service.name}", "method": method.name}
        for file in image.file
        for service in file.service
        for method in service.method
        if _reads(method)
    ]


def _reads(method: MethodDescriptorProto) -> bool:
    rule: HttpRule = method.options.Extensions[http]  # type: ignore[index]  # untyped in the stub
    return bool(rule.get) or method.name.startswith(READS)


class Channel(grpc.Channel):
    """A channel whose plain calls are `Caller`s. Thinner than interceptors, which wrap each call thrice."""

    def __init__(self, inner: grpc.Channel, token: ServiceToken | None) -> None:
        self._inner = inner
        self._token = token

    def unary_unary(self, method: str, *args: Any, **kwargs: Any) -> Caller:  # type: ignore[override]
        return Caller(self._inner.unary_unary(method, *args, **kwargs), method, self._token)

    def unary_stream(self, method: str, *args: Any, **kwargs: Any) -> StreamCaller:  # type: ignore[override]
        return StreamCaller(self._inner.unary_stream(method, *args, **kwargs), method, self._token)

    def stream_unary(self, *args: Any, **kwargs: Any) -> Any:
        return self._inner.stream_unary(*args, **kwargs)

    def stream_stream(self, *args: Any, **kwargs: Any) -> Any:
        return self._inner.stream_stream(*args, **kwargs)

    def subscribe(
        self,
        callback: Callable[[grpc.ChannelConnectivity], None],
        try_to_connect: bool | None = False,
    ) -> None:
        self._inner.subscribe(callback, try_to_connect=bool(try_to_connect))

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        self._inner.unsubscribe(callback)

    def close(self) -> None:
        self._inner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        places: TracebackType | None,
    ) -> None:
        self.close()


class Caller:
    """One method of another program, called like a function that raises `chassis.errors`."""

    def __init__(
        self,
        inner: Callable[..., Any],
        method: str,
        token: ServiceToken | None,
    ) -> None:
        self._inner = inner
        self._token = token
        self._spans = RpcMethod(method) if is_on() else None

    def __call__(
        self,
        request: Any,
        timeout: float | None = None,
        metadata: Iterable[tuple[str, str | bytes]] | None = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> Any:
        seconds = _seconds(timeout)
        span = self._spans.called() if self._spans else None
        traceparent = span.traceparent if span else current.get().traceparent
        try:
            return self._begun(
                request,
                seconds,
                self._metadata(metadata, traceparent),
                credentials,
                wait_for_ready,
                compression,
            )
        except grpc.RpcError as failure:
            error = self._understand(failure)
            if span:
                span.fail(error, blamed=True)
            raise error from failure
        finally:
            if span:
                span.end()

    def _begun(self, request: Any, seconds: float, *arguments: Any) -> Any:
        """The answer of who began with it: what nobody has begun is not done twice when it is asked again."""
        for wait_s in AGAIN_AFTER_S:
            asked = time.monotonic()
            try:
                return self._inner(request, seconds, *arguments)
            except grpc.RpcError as failure:
                took = time.monotonic() - asked
                seconds -= took + wait_s
                if seconds < 0 or not _was_not_begun(failure, took):
                    raise
            time.sleep(wait_s)
        return self._inner(request, seconds, *arguments)

    def _metadata(
        self, given: Iterable[tuple[str, str | bytes]] | None, traceparent: str
    ) -> Metadata:
        metadata = tuple(given or ())
        token = self._token() if self._token else current.get().token
        if token and not any(key == "authorization" for key, _ in metadata):
            metadata += (("authorization", "Bearer " + token),)
        return (*metadata, (TRACEPARENT, traceparent)) if traceparent else metadata

    def _understand(self, failure: grpc.RpcError) -> Error:
        error = from_rpc(failure)
        if self._token and isinstance(error, Unauthenticated):
            # We were not believed: that is no fault of whoever called us.
            return Internal("SERVICE_NOT_TRUSTED", "something went wrong on our side")
        return error


class StreamCaller(Caller):
    """One method that answers with a stream: an iterator that raises `chassis.errors`. Set its timeout."""

    def __call__(self, request: Any, timeout: float | None = None, **_: Any) -> Iterator[Any]:  # type: ignore[override]
        metadata = self._metadata(None, current.get().traceparent)
        try:
            yield from self._inner(request, _seconds(timeout), metadata)
        except grpc.RpcError as failure:
            raise self._understand(failure) from failure


def _was_not_begun(failure: grpc.RpcError, took_s: float) -> bool:
    call = cast(grpc.Call, failure)  # what stubs raise is both
    if call.code() is grpc.StatusCode.CANCELLED:
        return took_s < NOT_BEGUN_S
    return (call.details() or "").startswith(SENT_TO_NOBODY)


def _seconds(given: float | None) -> float:
    left = remaining_s()
    if left <= 0:
        raise DeadlineExceeded("TOO_LATE", "there was no time left to ask another program")
    return min(given or DEFAULT_TIMEOUT_S, left)
