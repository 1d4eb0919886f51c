"""The codec says what the reference says, but where it differs by intent."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from google.api.distribution_pb2 import Distribution
from google.api.httpbody_pb2 import HttpBody
from google.api.quota_pb2 import QuotaLimit
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import Message
from google.type.color_pb2 import Color
from google.type.fraction_pb2 import Fraction
from google.type.money_pb2 import Money
from hypothesis import given, settings
from hypothesis import strategies as st
from interchange.identity.v1 import organisations_pb2, people_pb2, sessions_pb2
from interchange.matching.v1 import matching_pb2
from interchange.notifications.v1 import notifications_pb2
from interchange.opportunities.v1 import exchanges_pb2, notices_pb2, personal_data_pb2

from gateway.codec import Wrong, dumps, loads, reader, writer
from gateway.codec.fields import is_input_only, is_output_only

# Of the contract, and public types with kinds of fields that the contract does without.
TYPES: list[type[Message]] = [
    notices_pb2.Notice,
    notices_pb2.UpdateNoticeRequest,
    people_pb2.Person,
    organisations_pb2.Organisation,
    sessions_pb2.Me,
    exchanges_pb2.Exchange,
    exchanges_pb2.Figures,
    matching_pb2.SearchNoticesRequest,
    matching_pb2.SearchNoticesResponse,
    notifications_pb2.ListMessagesResponse,
    personal_data_pb2.ParticipationExport,
    Fraction,
    Money,
    HttpBody,
    QuotaLimit,
    Distribution,
    Color,
]
JUNK = [
    None,
    True,
    7,
    -1,
    2.5,
    2.0,
    1e400,
    2**31,
    2**70,
    "",
    "x",
    "7",
    " 7",
    "WANTED",
    "é",
    [],
    {},
    [None],
    {"x": 1},
]

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
# A moment of the calendar, in seconds: years 1 to 9999.
seconds = st.integers(-62_135_596_800, 253_402_300_799)


def one_nan(value: float) -> float:
    """JSON has a word for one NaN only."""
    return math.nan if math.isnan(value) else value


SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.CPPTYPE_STRING: text,
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_DOUBLE: st.floats().map(one_nan),
    # The reference can't read the largest that it writes.
    FieldDescriptor.CPPTYPE_FLOAT: st.integers(-(2**20), 2**20).map(lambda value: value / 8),
    FieldDescriptor.CPPTYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: st.integers(0, 2**64 - 1),
}


def values(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.enum_type:
        return st.sampled_from([each.number for each in field.enum_type.values])
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.binary(max_size=8)
    return SCALARS[field.cpp_type]


@st.composite
def messages(draw: st.DrawFn, kind: type[Message]) -> Message:
    message = kind()
    fill(message, draw, depth=0)
    return message


def fill(message: Message, draw: st.DrawFn, depth: int) -> None:
    full_name = message.DESCRIPTOR.full_name
    if full_name == "google.protobuf.Timestamp":
        message.seconds, message.nanos = draw(seconds), draw(nanos)  # type: ignore[attr-defined]
        return
    if full_name == "google.protobuf.FieldMask":
        message.paths.extend(draw(st.lists(st.sampled_from(["title", "grade_bands"]))))  # type: ignore[attr-defined]
        return
    if full_name.startswith("google.protobuf."):
        return
    fields: list[FieldDescriptor] = list(described(message).fields)
    for field in draw(st.lists(st.sampled_from(fields), unique_by=lambda each: each.name)):
        put(message, field, draw, depth)


nanos = st.one_of(
    st.just(0),
    st.integers(0, 999).map(lambda value: value * 1_000_000),
    st.integers(0, 999_999_999),
)


def put(message: Message, field: FieldDescriptor, draw: st.DrawFn, depth: int) -> None:
    if field.message_type and field.message_type.GetOptions().map_entry:
        return
    if field.message_type:
        if depth < 3:
            held = getattr(message, field.name)
            inner = held.add() if field.is_repeated else held
            inner.SetInParent()
            fill(inner, draw, depth + 1)
    elif field.is_repeated:
        getattr(message, field.name).extend(draw(st.lists(values(field), max_size=3)))
    else:
        setattr(message, field.name, draw(values(field)))


def without(message: Message, unwanted: Callable[[FieldDescriptor], bool]) -> Message:
    """A copy in which such fields are not set, at any depth."""
    copy = type(message)()
    copy.CopyFrom(message)
    clear(copy, unwanted)
    return copy


def clear(message: Message, unwanted: Callable[[FieldDescriptor], bool]) -> None:
    for field, value in message.ListFields():
        if unwanted(field):
            message.ClearField(field.name)
        elif field.message_type and not field.message_type.GetOptions().map_entry:
            for inner in value if field.is_repeated else [value]:
                clear(inner, unwanted)


def described(message: Message) -> Descriptor:
    found: Any = message.DESCRIPTOR  # the stubs know two classes of them
    return found  # type: ignore[no-any-return]


def written(message: Message) -> Any:
    return loads(dumps(writer(described(message))(message)))


def read(kind: type[Message], value: object) -> Message:
    message = kind()
    reader(described(message))(value, message)
    return message


def by_reference(kind: type[Message], value: Any) -> Message | None:
    try:
        return ParseDict(value, kind())
    except (ParseError, ValueError, TypeError, AttributeError, OverflowError):
        return None


kinds = st.sampled_from(TYPES)
some_message = kinds.flatmap(messages)


@given(some_message)
@settings(max_examples=400, deadline=None)
def test_what_is_written_is_what_the_reference_writes(message: Message) -> None:
    shown = without(message, is_input_only)
    expected = MessageToDict(shown, always_print_fields_with_no_presence=True)

    assert written(message) == without_input_only_keys(described(message), expected)


def without_input_only_keys(described: Descriptor, value: dict[str, Any]) -> dict[str, Any]:
    """The reference writes the defaults of fields that are never shown."""
    for field in described.fields:
        if is_input_only(field):
            value.pop(field.json_name, None)
        elif field.message_type and isinstance(value.get(field.json_name), dict | list):
            held = value[field.json_name]
            for each in held if isinstance(held, list) else [held]:
                if isinstance(each, dict) and not field.message_type.GetOptions().map_entry:
                    without_input_only_keys(field.message_type, each)
    return value


@given(some_message, st.booleans())
@settings(max_examples=400, deadline=None)
def test_what_the_reference_writes_is_read_but_for_what_is_not_the_callers(
    message: Message, proto_names: bool
) -> None:
    document = MessageToDict(message, preserving_proto_field_name=proto_names)

    # Compared as bytes: a NaN is not equal to itself.
    expected = without(message, is_output_only)
    assert as_bytes(read(type(message), document)) == as_bytes(expected)


def as_bytes(message: Message) -> bytes:
    return message.SerializeToString(deterministic=True)


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[type[Message], Any]:
    """A document in which one value was replaced, or one key was made up."""
    message = draw(some_message)
    document = MessageToDict(message)
    place: Any = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if isinstance(place, dict):
            keys.append("madeUp")
        if not keys:
            return type(message), document
        key = draw(st.sampled_from(keys))
        inner = place.get(key) if isinstance(place, dict) else place[key]
        if not isinstance(inner, dict | list) or draw(st.booleans()):
            place[key] = draw(st.sampled_from(JUNK))
            return type(message), document
        place = inner


@given(spoilt())
@settings(max_examples=1500, deadline=None)
def test_what_the_reference_refuses_is_refused_and_nothing_else(
    case: tuple[type[Message], Any],
) -> None:
    kind, document = case
    expected = by_reference(kind, document)
    try:
        got = read(kind, document)
    except Wrong as problem:
        assert expected is None or is_stricter_by_intent(problem), (document, problem)
        assert all(each.description for each in problem.violations)
        return

    if expected is not None:
        assert as_bytes(got) == as_bytes(without(expected, is_output_only))
    else:
        assert holds_output_only(described(kind()), document), document


# The reference takes `true` for a number, an enum's number as text, anything empty for a message or a
# list, and any text for base64: the mapping allows none of it.
STRICTER = (
    "must be a number",
    "must be one of",
    "must be an object",
    "must be a list",
    "must be text in base64",
)


def is_stricter_by_intent(problem: Wrong) -> bool:
    return all(each.description.startswith(STRICTER) for each in problem.violations)


def holds_output_only(described: Descriptor, document: Any) -> bool:
    """Whether a field is in it that is passed over unread."""
    if not isinstance(document, dict):
        return False
    for field in described.fields:
        value = document.get(field.json_name, document.get(field.name))
        if value is None and field.json_name not in document:
            continue
        if is_output_only(field):
            return True
        inner = value if isinstance(value, list) else [value]
        if field.message_type and any(
            holds_output_only(field.message_type, each) for each in inner
        ):
            return True
    return False


@pytest.mark.parametrize(
    ("document", "field", "reason"),
    [
        ([], "", "WRONG_TYPE"),
        (None, "", "WRONG_TYPE"),
        ({"title": 7}, "title", "WRONG_TYPE"),
        ({"title": "a\0b"}, "title", "BAD_TEXT"),
        ({"title": "\ud800"}, "title", "BAD_TEXT"),
        ({"kind": "WISHED"}, "kind", "UNKNOWN_VALUE"),
        ({"daysPerWeek": "1_0"}, "daysPerWeek", "WRONG_TYPE"),
        ({"daysPerWeek": 10**400}, "daysPerWeek", "OUT_OF_RANGE"),
        ({"themes": "housing"}, "themes", "WRONG_TYPE"),
        ({"themes": ["a", 7]}, "themes[1]", "WRONG_TYPE"),
        ({"gradeBands": ["OFFICER", "KING"]}, "gradeBands[1]", "UNKNOWN_VALUE"),
        ({"place": {"latitude": "north"}}, "place.latitude", "WRONG_TYPE"),
        ({"place": {"colour": "red"}}, "place.colour", "UNKNOWN_FIELD"),
        ({"closeTime": "tomorrow"}, "closeTime", "WRONG_TYPE"),
        ({"closeTime": "2026-02-30T00:00:00Z"}, "closeTime", "OUT_OF_RANGE"),
        ({"startDate": "x", "start_date": "y"}, "startDate", "GIVEN_TWICE"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(document: object, field: str, reason: str) -> None:
    with pytest.raises(Wrong) as caught:
        read(notices_pb2.Notice, document)

    assert [(each.field, each.reason) for each in caught.value.violations] == [(field, reason)]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    document = {"title": 1, "madeUp": 2, "themes": [3, "x", 4], "place": {"label": 5}}

    with pytest.raises(Wrong) as caught:
        read(notices_pb2.Notice, document)

    fields = [each.field for each in caught.value.violations]
    assert fields == ["title", "madeUp", "themes[0]", "themes[2]", "place.label"]


def test_numbers_that_json_cannot_say_are_words() -> None:
    place = notices_pb2.Notice(days_per_week=math.inf)

    assert written(place)["daysPerWeek"] == "Infinity"


def test_a_number_without_a_name_stays_a_number() -> None:
    notice = notices_pb2.Notice()
    notice.MergeFromString(b"\x10\x63")  # kind = 99

    assert written(notice)["kind"] == 99
