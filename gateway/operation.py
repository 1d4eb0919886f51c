"""One route made ready: reads a request, asks the service, writes its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import grpc
from google.protobuf.descriptor import Descriptor
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis.errors import Error
from gateway import etags, metrics, pages
from gateway.answers import JSON, Answer
from gateway.asked import Asked
from gateway.codec import dumps, writer
from gateway.limits import Kind, kind_of
from gateway.paths import rewrite
from gateway.routes import Route
from gateway.spans import RouteSpans
from gateway.transcoder import ETAG, Transcoder

OK, CREATED, NO_CONTENT = 200, 201, 204
NEXT_PAGE: Final = "next_page_token"
READS = ("GET",)


class Operation:
    """One way to call one method."""

    def __init__(self, route: Route, channel: grpc.Channel) -> None:
        answer: Descriptor = route.method.output_type
        self.route = route
        self.spans = RouteSpans(route)
        self.transcoder = Transcoder(route)
        self.kind: Kind = kind_of(route)
        self.is_read = route.http_method in READS
        self.keeps_answers = route.http_method == "POST" and not holds_token(answer)
        self._call = _caller(route, channel)
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
            observe = self._seconds[status] = metrics.requests.labels(*labels).observe
        observe(seconds)


def _caller(route: Route, channel: grpc.Channel) -> Callable[[Message, float], Message]:
    request, answer = (
        GetMessageClass(each) for each in (route.method.input_type, route.method.output_type)
    )
    caller: Callable[[Message, float], Message] = channel.unary_unary(
        route.rpc,
        request_serializer=request.SerializeToString,
        response_deserializer=answer.FromString,
    )
    return caller


def holds_token(answer: Descriptor, above: frozenset[str] = frozenset()) -> bool:
    """Whether an answer holds a secret, at any depth, that must not be kept anywhere."""
    inner = [each.message_type for each in answer.fields if each.message_type]
    seen = above | {answer.full_name}
    return any(_is_secret(each.name) for each in answer.fields) or any(
        holds_token(each, seen) for each in inner if each.full_name not in seen
    )


def _is_secret(field: str) -> bool:
    return field == "token" or (field.endswith("_token") and field != NEXT_PAGE)
