"""Query parameters to fields of a request: by name in camel case, lists by repetition, nothing unknown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any
from urllib.parse import parse_qsl

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from chassis.errors import FieldViolation, InvalidArgument
from gateway import masks
from gateway.codec import Wrong
from gateway.codec.fields import is_exotic, is_output_only, is_timestamp
from gateway.codec.reading import converter, read_timestamp
from gateway.codec.wrong import GIVEN_TWICE, WRONG_TYPE, wrong
from gateway.errors import invalid

MOST_PARAMETERS = 200
UNKNOWN_PARAMETER = "UNKNOWN_PARAMETER"

Setter = Callable[[list[str], Message], None]


class QueryReader:
    """The parameters of one route: every field that is in neither path nor body, inner ones with a dot."""

    def __init__(
        self, request: Descriptor, *, without: Collection[str], resource: Descriptor | None
    ) -> None:
        self._setters: dict[str, tuple[str, Setter]] = {}
        for parameter in parameters(request, without=without):
            setter = _setter(parameter.path, resource)
            entry = (parameter.name, setter)
            self._setters[parameter.name] = self._setters[parameter.proto_name] = entry

    def __call__(self, query: str, message: Message) -> None:
        """Set what the query string says; InvalidArgument with every parameter that is not right."""
        if not query:
            return
        found: list[FieldViolation] = []
        for name, values in _grouped(query).items():
            try:
                self._read(name, values, message)
            except Wrong as problem:
                found += problem.violations
        if found:
            raise invalid(Wrong(found))

    def _read(self, given: str, values: list[str], message: Message) -> None:
        known = self._setters.get(given)
        if known is None:
            raise wrong(UNKNOWN_PARAMETER, "there is no such parameter here", field=given)
        name, put = known
        try:
            put(values, message)
        except Wrong as problem:
            raise Wrong(problem.under(name)) from None


class Parameter:
    """One field that a query can set, and the way to it."""

    def __init__(self, path: tuple[FieldDescriptor, ...]) -> None:
        self.path = path
        self.field = path[-1]
        self.name = ".".join(field.json_name for field in path)
        self.proto_name = ".".join(field.name for field in path)


def parameters(
    message: Descriptor, *, without: Collection[str] = (), above: tuple[FieldDescriptor, ...] = ()
) -> Iterator[Parameter]:
    """The fields that a query can set: scalars, lists of scalars, moments and masks."""
    for field in message.fields:
        path = (*above, field)
        if field.name in without or is_output_only(field) or field in above:
            continue
        if field.message_type is None or (_is_leaf(field.message_type) and not field.is_repeated):
            yield Parameter(path)
        elif not field.is_repeated and not is_exotic(field.message_type):
            yield from parameters(field.message_type, above=path)


def _is_leaf(message: Descriptor) -> bool:
    return is_timestamp(message) or masks.is_mask(message)


def _grouped(query: str) -> dict[str, list[str]]:
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except ValueError as problem:  # not UTF-8, or too many
        raise InvalidArgument("BAD_QUERY", "the query cannot be read") from problem
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _setter(path: tuple[FieldDescriptor, ...], resource: Descriptor | None) -> Setter:
    *above, field = path
    put = _put(field, resource)

    def walk(values: list[str], message: Message) -> None:
        for each in above:
            message = getattr(message, each.name)
        put(values, message)

    return walk if above else put


def _put(field: FieldDescriptor, resource: Descriptor | None) -> Setter:
    name = field.name
    if field.is_repeated:
        convert_each = _from_text(field)
        return lambda values, message: getattr(message, name).extend(map(convert_each, values))
    if field.message_type and masks.is_mask(field.message_type):
        return lambda values, message: masks.read(_one(values), getattr(message, name), resource)
    if field.message_type:
        return lambda values, message: read_timestamp(_one(values), getattr(message, name))
    convert = _from_text(field)
    return lambda values, message: setattr(message, name, convert(_one(values)))


def _one(values: list[str]) -> str:
    if len(values) > 1:
        raise wrong(GIVEN_TWICE, "must be given once")
    return values[0]


def _from_text(field: FieldDescriptor) -> Callable[[str], Any]:
    return _read_bool if field.type == FieldDescriptor.TYPE_BOOL else converter(field)


def _read_bool(value: str) -> bool:
    if value not in ("true", "false"):
        raise wrong(WRONG_TYPE, "must be true or false")
    return value == "true"
