"""Messages to what JSON writes."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.codec.fields import is_exotic, is_input_only, is_timestamp

Writer = Callable[[Any], Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONG = frozenset(
    {
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_UINT64,
    }
)

_writers: dict[str, Writer] = {}


def writer(message: Descriptor) -> Writer:
    """What turns a message of this type into a dict in the order of its fields."""
    known = _writers.get(message.full_name)
    if known:
        return known
    if is_timestamp(message):
        return _writers.setdefault(message.full_name, write_timestamp)
    if is_exotic(message):
        return _writers.setdefault(message.full_name, _as_the_reference)
    made = MessageWriter(message)
    _writers[message.full_name] = made  # before its fields, for a message may hold its own kind
    made.compile()
    return made


class MessageWriter:
    """One message type. All its fields are fetched in one step of C; only some then need work."""

    def __init__(self, message: Descriptor) -> None:
        self._fields = [field for field in message.fields if not is_input_only(field)]
        self._names = [field.json_name for field in self._fields]
        self._get = _getter([field.name for field in self._fields])
        self._convert: list[tuple[str, Writer]] = []
        self._optional: list[tuple[str, str, Writer | None]] = []

    def compile(self) -> None:
        """Find the fields that are not written as they are."""
        for field in self._fields:
            convert = _converter(field)
            if field.has_presence:
                self._optional.append((field.name, field.json_name, convert))
            elif convert:
                self._convert.append((field.json_name, convert))

    def __call__(self, message: Message) -> dict[str, Any]:
        written = dict(zip(self._names, self._get(message), strict=True))
        for name, convert in self._convert:
            written[name] = convert(written[name])
        for field, name, convert_set in self._optional:
            if not message.HasField(field):
                del written[name]
            elif convert_set:
                written[name] = convert_set(written[name])
        return written


def _getter(names: list[str]) -> Callable[[Message], Iterable[Any]]:
    if len(names) > 1:
        return attrgetter(*names)  # one name would give no tuple
    return lambda message: [getattr(message, name) for name in names]


def _converter(field: FieldDescriptor) -> Writer | None:
    one = _of_one(field)
    if not field.is_repeated:
        return one
    return (lambda values: list(map(one, values))) if one else list


def _of_one(field: FieldDescriptor) -> Writer | None:
    if field.message_type:
        return writer(field.message_type)
    if field.enum_type:
        return _enum(field.enum_type)
    if field.cpp_type in LONG:
        return str  # JavaScript's numbers end at 2**53
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        return _write_double
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _write_bytes
    return None


class Names(dict[int, str | int]):
    """Names by number; a number without a name stands for itself."""

    def __missing__(self, number: int) -> int:
        return number


def _enum(enum: EnumDescriptor) -> Writer:
    names = Names((value.number, value.name) for value in reversed(enum.values))  # the first alias
    return names.__getitem__


def _write_double(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _write_bytes(value: bytes) -> str:
    return base64.b64encode(value).decode()


def write_timestamp(stamp: Timestamp) -> str:
    """RFC 3339 in UTC with as many digits, in threes, as it needs."""
    return _moment(stamp.seconds, stamp.nanos)


@lru_cache(maxsize=16_384)  # what is read often has the same few moments
def _moment(seconds: int, nanos: int) -> str:
    text = (EPOCH + timedelta(seconds=seconds)).isoformat()[:19]
    if not nanos:
        return text + "Z"
    if nanos % 1_000_000 == 0:
        return f"{text}.{nanos // 1_000_000:03d}Z"
    if nanos % 1_000 == 0:
        return f"{text}.{nanos // 1_000:06d}Z"
    return f"{text}.{nanos:09d}Z"


def _as_the_reference(message: Message) -> Any:
    return MessageToDict(message, always_print_fields_with_no_presence=True)
