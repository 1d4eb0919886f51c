"""Rules of `buf.validate` as JSON Schema, as far as it can say them."""

from __future__ import annotations

from typing import Any, Final

from buf.validate import validate_pb2
from buf.validate.validate_pb2 import FieldRules, StringRules
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

Schema = dict[str, Any]

NUMBERS = ("int32", "int64", "uint32", "uint64", "float", "double")
COMPARISONS = {
    "gte": "minimum",
    "lte": "maximum",
    "gt": "exclusiveMinimum",
    "lt": "exclusiveMaximum",
}
DAY: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def rules_of(field: FieldDescriptor) -> FieldRules:
    """What the contract demands of a field."""
    rules: FieldRules = field.GetOptions().Extensions[validate_pb2.field]
    return rules


def is_unchecked(field: FieldDescriptor) -> bool:
    return rules_of(field).ignore == validate_pb2.IGNORE_ALWAYS


def bounds(rules: FieldRules) -> Schema:
    """The bounds of one value, to be merged into its schema."""
    kind = rules.WhichOneof("type") or ""
    found = _of_kind(kind, rules)
    if rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE and found and kind == "string":
        return {"anyOf": [{"const": ""}, found]}  # empty stands for "not given"
    return found


def of_list(rules: FieldRules) -> tuple[Schema, FieldRules]:
    """The bounds of a list, and the rules of each item."""
    repeated = rules.repeated
    found: Schema = {}
    if repeated.min_items:
        found["minItems"] = repeated.min_items
    if repeated.HasField("max_items"):
        found["maxItems"] = repeated.max_items
    if repeated.unique:
        found["uniqueItems"] = True
    return found, repeated.items


def excluded_numbers(rules: FieldRules) -> frozenset[int]:
    """Numbers of an enum that are refused."""
    return frozenset(rules.enum.not_in)


def _of_kind(kind: str, rules: FieldRules) -> Schema:
    if kind == "string":
        return _of_string(rules.string)
    return _of_number(getattr(rules, kind)) if kind in NUMBERS else {}


def _of_string(rules: StringRules) -> Schema:
    found: Schema = {}
    if rules.HasField("min_len"):
        found["minLength"] = rules.min_len
    if rules.HasField("max_len"):
        found["maxLength"] = rules.max_len
    if rules.HasField("pattern"):
        found["pattern"] = rules.pattern
    if rules.pattern == DAY:
        found["format"] = "date"
    if rules.email or rules.uri:
        found["format"] = "email" if rules.email else "uri"
    choice = getattr(rules, "in")  # a word of Python
    return {**found, "enum": list(choice)} if choice else found


def _of_number(rules: Message) -> Schema:
    return {
        keyword: getattr(rules, rule)
        for rule, keyword in COMPARISONS.items()
        if rules.HasField(rule)
    }
