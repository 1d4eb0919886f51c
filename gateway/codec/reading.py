"""What JSON says to messages, and a clear word for each field that is not right."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message

from chassis.errors import FieldViolation
from gateway.codec.fields import is_exotic, is_output_only, is_timestamp, message_in
from gateway.codec.wrong import (
    BAD_TEXT,
    GIVEN_TWICE,
    OUT_OF_RANGE,
    UNKNOWN_FIELD,
    UNKNOWN_VALUE,
    WRONG_TYPE,
    Wrong,
    wrong,
)

Reader = Callable[[Any, Message], None]
Converter = Callable[[Any], Any]

WHOLE_NUMBER = re.compile(r"-?[0-9]{1,20}")
TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

# Values in an answer to a wrong enum: a longer list helps nobody.
SHOWN = 20

_readers: dict[str, Reader] = {}


def reader(message: Descriptor) -> Reader:
    """What puts a JSON value into a message of this type, or raises Wrong."""
    known = _readers.get(message.full_name)
    if known:
        return known
    if is_timestamp(message):
        return _readers.setdefault(message.full_name, read_timestamp)
    if is_exotic(message):
        return _readers.setdefault(message.full_name, _as_the_reference)
    made = MessageReader(message)
    _readers[message.full_name] = made  # before its fields, for a message may hold its own kind
    made.compile()
    return made


class MessageReader:
    """One message type: what to do with each key, by its JSON name and by its name in the proto."""

    def __init__(self, message: Descriptor) -> None:
        self._message = message
        self._fields: dict[str, tuple[str, Reader | None]] = {}

    def compile(self) -> None:
        for field in self._message.fields:
            entry = (field.json_name, None if is_output_only(field) else _setter(field))
            self._fields[field.name] = self._fields[field.json_name] = entry

    def __call__(self, value: Any, message: Message) -> None:
        if type(value) is not dict:
            raise wrong(WRONG_TYPE, "must be an object")
        found: list[FieldViolation] = []
        seen: set[str] = set()
        for key, item in value.items():
            try:
                self._read(key, item, message, seen)
            except Wrong as problem:
                found += problem.violations
        if found:
            raise Wrong(found)

    def _read(self, key: str, item: Any, message: Message, seen: set[str]) -> None:
        name, put = self._fields.get(key) or _no_such_field(key)
        if name in seen:
            raise wrong(GIVEN_TWICE, "must be given once", field=name)
        seen.add(name)
        if put is None or item is None:  # not the caller's to write; or not set
            return
        try:
            put(item, message)
        except Wrong as problem:
            raise Wrong(problem.under(name)) from None


def _no_such_field(key: str) -> tuple[str, Reader | None]:
    raise wrong(UNKNOWN_FIELD, "there is no such field here", field=key)


def _setter(field: FieldDescriptor) -> Reader:
    if field.message_type:
        return _messages(field) if field.is_repeated else _message(field)
    return _scalars(field) if field.is_repeated else _scalar(field)


def _scalar(field: FieldDescriptor) -> Reader:
    name, convert = field.name, converter(field)

    def put(value: Any, message: Message) -> None:
        setattr(message, name, convert(value))

    return put


def _scalars(field: FieldDescriptor) -> Reader:
    name, convert = field.name, converter(field)

    def put(value: Any, message: Message) -> None:
        getattr(message, name).extend(_each(value, convert))

    return put


def _message(field: FieldDescriptor) -> Reader:
    name, read = field.name, reader(message_in(field))

    def put(value: Any, message: Message) -> None:
        inner = getattr(message, name)
        inner.SetInParent()  # an empty one is given too
        read(value, inner)

    return put


def _messages(field: FieldDescriptor) -> Reader:
    name, read = field.name, reader(message_in(field))

    def put(value: Any, message: Message) -> None:
        inner = getattr(message, name)
        _each(value, lambda item: read(item, inner.add()))

    return put


def _each(value: Any, convert: Converter) -> list[Any]:
    if type(value) is not list:
        raise wrong(WRONG_TYPE, "must be a list")
    converted: list[Any] = []
    found: list[FieldViolation] = []
    for index, item in enumerate(value):
        try:
            converted.append(convert(item))
        except Wrong as problem:
            found += problem.under(f"[{index}]")
    if found:
        raise Wrong(found)
    return converted


def converter(field: FieldDescriptor) -> Converter:
    """What turns one JSON value into one value of a scalar field, or raises Wrong."""
    if field.enum_type:
        return _enum(field.enum_type)
    return CONVERTERS[field.cpp_type] if field.type != FieldDescriptor.TYPE_BYTES else read_bytes


def read_text(value: Any) -> str:
    if type(value) is not str:
        raise wrong(WRONG_TYPE, "must be text")
    if "\0" in value:  # databases and logs break on it, and nobody writes it
        raise wrong(BAD_TEXT, "must not hold a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise wrong(BAD_TEXT, "must not hold half of a surrogate pair") from None
    return value


def read_bool(value: Any) -> bool:
    if type(value) is not bool:
        raise wrong(WRONG_TYPE, "must be true or false")
    return value


def read_double(value: Any) -> float:
    if type(value) is str:
        return _double_in_words(value)
    if type(value) not in (int, float):
        raise wrong(WRONG_TYPE, "must be a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        raise wrong(OUT_OF_RANGE, "must be a number of at most 308 digits")
    return number


def _double_in_words(value: str) -> float:
    """The proto mapping allows numbers as text."""
    if value in NOT_FINITE:
        return NOT_FINITE[value]
    try:
        number = float(value)
    except ValueError:
        number = math.inf
    if not math.isfinite(number) or not value.isascii() or "_" in value or value != value.strip():
        raise wrong(WRONG_TYPE, "must be a number")
    return number


def read_bytes(value: Any) -> bytes:
    if type(value) is not str:
        raise wrong(WRONG_TYPE, "must be text in base64")
    try:
        return base64.b64decode(
            value.translate({45: "+", 95: "/"}) + "=" * (-len(value) % 4), validate=True
        )
    except (binascii.Error, ValueError):
        raise wrong(WRONG_TYPE, "must be text in base64") from None


def _integer(least: int, most: int) -> Converter:
    def read(value: Any) -> int:
        number = _whole(value)
        if not least <= number <= most:
            raise wrong(OUT_OF_RANGE, f"must be from {least} to {most}")
        return number

    return read


def _whole(value: Any) -> int:
    """2, 2.0 and "2" are all two: the proto mapping allows each."""
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is str and WHOLE_NUMBER.fullmatch(value):
        return int(value)
    raise wrong(WRONG_TYPE, "must be a whole number")


def _enum(enum: EnumDescriptor) -> Converter:
    numbers = {value.name: value.number for value in enum.values}
    known = [name for name, number in numbers.items() if number] or list(numbers)
    shown = ", ".join(known[:SHOWN]) + (", …" if len(known) > SHOWN else "")
    as_number = _integer(-(2**31), 2**31 - 1)

    def read(value: Any) -> int:
        if type(value) is str and value in numbers:
            return numbers[value]
        if type(value) is int:
            return int(as_number(value))
        raise wrong(UNKNOWN_VALUE, f"must be one of {shown}")

    return read


CONVERTERS: dict[int, Converter] = {
    FieldDescriptor.CPPTYPE_STRING: read_text,
    FieldDescriptor.CPPTYPE_BOOL: read_bool,
    FieldDescriptor.CPPTYPE_DOUBLE: read_double,
    FieldDescriptor.CPPTYPE_FLOAT: read_double,
    FieldDescriptor.CPPTYPE_INT32: _integer(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: _integer(0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: _integer(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: _integer(0, 2**64 - 1),
}


def read_timestamp(value: Any, message: Message) -> None:
    """RFC 3339, of which only `T`, `Z` and an offset in hours and minutes are taken."""
    if type(value) is not str or not TIMESTAMP.fullmatch(value):
        raise wrong(WRONG_TYPE, "must be a moment such as 2026-11-02T09:00:00Z")
    try:
        message.FromJsonString(value)  # type: ignore[attr-defined]  # it is a Timestamp
    except (ValueError, OverflowError):
        raise wrong(OUT_OF_RANGE, "must be a moment of the calendar") from None


def _as_the_reference(value: Any, message: Message) -> None:
    try:
        ParseDict(value, message)
    except (ParseError, ValueError, TypeError, AttributeError, OverflowError):
        full_name = message.DESCRIPTOR.full_name
        raise wrong(WRONG_TYPE, f"must be {full_name} in JSON") from None
