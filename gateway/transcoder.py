"""From the parts of an HTTP request to the one message that a method takes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis.errors import InvalidArgument
from gateway import masks
from gateway.codec import Wrong, loads, reader
from gateway.codec.fields import message_in
from gateway.codec.reading import Reader, read_text
from gateway.errors import invalid
from gateway.paths import in_json
from gateway.query import QueryReader
from gateway.routes import WHOLE, Route
from gateway.templates import Variable

UPDATE_MASK = "update_mask"
ETAG = "etag"


class Transcoder:
    """One route. Everything that the contract decides is decided here once, not for each request."""

    def __init__(self, route: Route) -> None:
        request: Descriptor = route.method.input_type
        inner = route.body_field
        self._make = GetMessageClass(request)
        self._body = route.body
        self._variables = [PathValue(each, body=route.body) for each in route.template.variables]
        self._query = QueryReader(
            request,
            without=given_elsewhere(route),
            resource=inner.message_type if inner else None,
        )
        self._read_body = _body_reader(request, inner, route.body)
        self._mask = _mask(request, inner) if route.http_method == "PATCH" else None
        self._etag_in = etag_holder(route)

    @property
    def takes_body(self) -> bool:
        return bool(self._body)

    @property
    def inner_body(self) -> str:
        """The field that the body is, when it is one."""
        return "" if self._body == WHOLE else self._body

    @property
    def takes_etag(self) -> bool:
        """Whether `If-Match` means anything here."""
        return self._etag_in is not None

    def request(self, segments: Sequence[str], query: str, body: bytes, etag: str) -> Message:
        """The message. InvalidArgument names what is not right, as the caller wrote it."""
        message = self._make()
        self._query(query, message)
        if self._read_body:
            self._take_body(loads(body) if body else {}, message)
        for variable in self._variables:
            variable.put(segments, message)
        if etag:
            self._take_etag(etag, message)
        return message

    def _take_body(self, value: object, message: Message) -> None:
        assert self._read_body  # noqa: S101  # asked by the caller
        try:
            self._read_body(value, message)
        except Wrong as problem:
            raise invalid(problem) from None
        if self._mask and isinstance(value, dict) and not message.HasField(UPDATE_MASK):
            getattr(message, UPDATE_MASK).paths.extend(self._mask(value))

    def _take_etag(self, etag: str, message: Message) -> None:
        if self._etag_in is None:
            raise InvalidArgument("IF_MATCH_NOT_POSSIBLE", "If-Match means nothing here")
        holder = getattr(message, self._etag_in) if self._etag_in else message
        said = getattr(holder, ETAG)
        if said and said != etag:
            raise InvalidArgument("TWO_ETAGS", "is not what If-Match says", field=ETAG)
        setattr(holder, ETAG, etag)


class PathValue:
    """A field that the path gives."""

    def __init__(self, variable: Variable, *, body: str) -> None:
        *self._above, self._field = variable.field.split(".")
        self._variable = variable
        self._shown = in_json(variable.field, body=body)

    def put(self, segments: Sequence[str], message: Message) -> None:
        """Set it. A body that names another resource than the path is refused: which one did they mean?"""
        value = self._variable.value(segments)
        holder: Any = reduce(getattr, self._above, message)
        said = getattr(holder, self._field)
        if said and said != value:
            raise InvalidArgument("NOT_AS_IN_PATH", "is not what the path says", field=self._shown)
        setattr(holder, self._field, self._checked(value))

    def _checked(self, value: str) -> str:
        try:
            return read_text(value)
        except Wrong as problem:
            raise invalid(Wrong(problem.under(self._shown))) from None


def given_elsewhere(route: Route) -> set[str]:
    """Fields of the request that path or body give, so that the query does not."""
    if route.body == WHOLE:
        return {field.name for field in route.method.input_type.fields}
    return {each.field.partition(".")[0] for each in route.template.variables} | {route.body}


def _body_reader(request: Descriptor, inner: FieldDescriptor | None, body: str) -> Reader | None:
    if body == WHOLE:
        return reader(request)
    if inner is None:
        return None
    name, read = inner.name, reader(message_in(inner))

    def read_inner(value: Any, message: Message) -> None:
        field = getattr(message, name)
        field.SetInParent()  # an empty body is a body
        read(value, field)

    return read_inner


def _mask(request: Descriptor, inner: FieldDescriptor | None) -> masks.BodyMask | None:
    field = request.fields_by_name.get(UPDATE_MASK)
    return masks.BodyMask(message_in(inner)) if inner and field else None


def etag_holder(route: Route) -> str | None:
    """Where the request says which state it wants to find: in itself (""), in its body, or nowhere (None)."""
    inner = route.body_field
    if route.creates:  # what is not there yet has no state
        return None
    if ETAG in route.method.input_type.fields_by_name:
        return ""
    return inner.name if inner and ETAG in message_in(inner).fields_by_name else None
