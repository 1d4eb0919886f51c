"""One route made ready: reads a request, asks the service, writes its answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import grpc
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis import metrics
from chassis.errors import Error, NotFound
from gateway import contract, etags, pages
from gateway.answers import JSON, Answer
from gateway.asked import Asked
from gateway.codec import dumps, writer
from gateway.codec.fields import is_input_only
from gateway.limits import Kind, kind_of
from gateway.paths import rewrite
from gateway.routes import Route
from gateway.spans import RouteSpans
from gateway.transcoder import ETAG, Transcoder

OK, CREATED, NO_CONTENT = 200, 201, 204
NEXT_PAGE: Final = "next_page_token"
READS = ("GET",)
PARENT, NAME = "parent", "name"
SECRETS = frozenset({"token", "secret", "recovery_codes"})


class Operation:
    """One way to call one method."""

    def __init__(self, route: Route, channels: Mapping[str, grpc.Channel]) -> None:
        answer: Descriptor = route.method.output_type
        self.route = route
        self.spans = RouteSpans(route.http_method, route.shown)
        self.transcoder = Transcoder(route)
        self.kind: Kind = kind_of(route)
        self.is_read = route.http_method in READS
        self.keeps_answers = route.http_method == "POST" and not holds_token(answer)
        self._call = _caller(route, channels)
        self._write = None if answer.full_name == Empty.DESCRIPTOR.full_name else writer(answer)
        self._creates = route.creates
        self._is_named = self._creates and "name" in answer.fields_by_name
        self._has_etag = ETAG in answer.fields_by_name
        self._has_pages = NEXT_PAGE in answer.fields_by_name
        self._seconds: dict[int, Callable[[float], None]] = {}

    @property
    def takes_body(self) -> bool:
        return self.transcoder.takes_body

    def read(self, asked: Asked, segments: Sequence[str], body: bytes) -> Message:
        """The request as a message; InvalidArgument when it is not right."""
        is_conditional = not self.is_read and asked.has("IF_MATCH")
        etag = etags.wanted(asked.header("IF_MATCH")) if is_conditional else ""
        return self.transcoder.request(segments, asked.query, body, etag)

    def carry_out(self, message: Message, asked: Asked, timeout_s: float) -> Answer:
        """Ask the service. Its errors name fields as the caller knows them."""
        try:
            found = self._call(message, timeout_s)
        except Error as error:
            raise rewrite(error, body=self.transcoder.inner_body) from error.__cause__
        return self._answer(found, asked)

    def _answer(self, found: Any, asked: Asked) -> Answer:
        if self._write is None:
            return Answer(NO_CONTENT)
        body = dumps(self._write(found))
        headers = {"Content-Type": JSON}
        if self._has_pages and found.next_page_token:
            headers["Link"] = pages.next_link(asked.path, asked.query, found.next_page_token)
        if self._is_named:
            headers["Location"] = f"/v1/{found.name}"
        if self._has_etag and found.etag:
            headers["ETag"] = etags.of_answer(found.etag, body)
        answer = Answer(CREATED if self._creates else OK, body, headers)
        return etags.unless_known(answer, asked.header("IF_NONE_MATCH")) if self.is_read else answer

    def observe(self, status: int, seconds: float) -> None:
        """Count one answer."""
        observe = self._seconds.get(status)
        if observe is None:
            labels = (self.route.http_method, self.route.shown, str(status))
            observe = self._seconds[status] = metrics.http_seconds.labels(*labels).observe
        observe(seconds)


Caller = Callable[[Message, float], Message]


def _caller(route: Route, channels: Mapping[str, grpc.Channel]) -> Caller:
    if route.program != contract.SHARED:
        return _call_on(route, channels[route.program])
    callers = {name: _call_on(route, channel) for name, channel in channels.items()}
    return lambda message, timeout_s: callers[_program(message, callers)](message, timeout_s)


def _program(message: Message, known: Collection[str]) -> str:
    """Whom a request means that every program could answer: `programs/{program}` begins its name or its parent's."""
    fields = message.DESCRIPTOR.fields_by_name
    name: str = getattr(message, PARENT if PARENT in fields else NAME)
    program = name.split("/")[1] if "/" in name else ""
    if program not in known:
        raise NotFound("NO_SUCH_PROGRAM", f"there is no such program: {', '.join(sorted(known))}")
    return program


def _call_on(route: Route, channel: grpc.Channel) -> Caller:
    request, answer = (
        GetMessageClass(each) for each in (route.method.input_type, route.method.output_type)
    )
    caller: Caller = channel.unary_unary(
        route.rpc,
        request_serializer=request.SerializeToString,
        response_deserializer=answer.FromString,
    )
    return caller


def holds_token(answer: Descriptor, above: frozenset[str] = frozenset()) -> bool:
    """Whether an answer holds a secret, at any depth, that must not be kept anywhere."""
    inner = [each.message_type for each in answer.fields if each.message_type]
    seen = above | {answer.full_name}
    return any(_is_secret(each) for each in answer.fields) or any(
        holds_token(each, seen) for each in inner if each.full_name not in seen
    )


def _is_secret(field: FieldDescriptor) -> bool:
    """Of what is shown: a field that is only ever sent to us is no part of an answer."""
    is_token = field.name.endswith("_token") and field.name != NEXT_PAGE
    return (field.name in SECRETS or is_token) and not is_input_only(field)
