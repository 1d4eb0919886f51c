"""Messages as JSON Schema: as they are answered, as they are sent, and as they are sent in part."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import Enum

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from gateway import contract
from gateway.codec.fields import behaves, is_input_only, is_output_only, is_timestamp
from gateway.masks import is_mask
from gateway.openapi.bounds import (
    Schema,
    bounds,
    excluded_numbers,
    is_unchecked,
    of_list,
    rules_of,
)

SCHEMAS = "#/components/schemas/"
SCALARS: dict[int, Schema] = {
    FieldDescriptor.CPPTYPE_STRING: {"type": "string"},
    FieldDescriptor.CPPTYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.CPPTYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.CPPTYPE_UINT32: {"type": "integer", "format": "int64", "minimum": 0},
    FieldDescriptor.CPPTYPE_INT64: {"type": "string", "pattern": "^-?[0-9]+$"},
    FieldDescriptor.CPPTYPE_UINT64: {"type": "string", "pattern": "^[0-9]+$"},
    FieldDescriptor.CPPTYPE_FLOAT: {"type": "number", "format": "float"},
    FieldDescriptor.CPPTYPE_DOUBLE: {"type": "number", "format": "double"},
}


class Use(Enum):
    """What a message is used for: the end of its schema's name."""

    ANSWER = ""
    INPUT = "Input"
    PATCH = "Patch"  # sent in part: nothing is required


class Schemas:
    """The components that the operations name, made as they are named."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}
        self._owners: dict[str, str] = {}

    def ref(self, message: Descriptor, use: Use) -> Schema:
        """A reference to a message's schema."""
        name = self._name(message) + use.value
        if name not in self.components:
            self.components[name] = {}  # named before it is made, for it may hold its own kind
            self.components[name] = self.message(message, use)
        return {"$ref": SCHEMAS + name}

    def resolved(self, schema: Schema) -> Schema:
        """What a reference stands for."""
        return self.components[schema["$ref"].removeprefix(SCHEMAS)] if "$ref" in schema else schema

    def _name(self, described: Descriptor | EnumDescriptor) -> str:
        """The short name, unless another package was faster."""
        short = "".join(_inner_names(described))
        if self._owners.setdefault(short, described.full_name) == described.full_name:
            return short
        return described.full_name.split(".")[1].capitalize() + short

    def message(self, message: Descriptor, use: Use, *, without: Collection[str] = ()) -> Schema:
        """A message's own schema, perhaps without fields that are given elsewhere."""
        fields = [field for field in message.fields if field.name not in without]
        said = contract.comments().get(message.full_name, "")
        schema = self._answer(fields) if use is Use.ANSWER else self._input(fields, use)
        return {"type": "object", **_described(said), **schema}

    def _answer(self, fields: list[FieldDescriptor]) -> Schema:
        shown = [field for field in fields if not is_input_only(field)]
        return {
            "properties": {field.json_name: self._shown(field) for field in shown},
            "required": [field.json_name for field in shown if not field.has_presence],
        }

    def _input(self, fields: list[FieldDescriptor], use: Use) -> Schema:
        required = [] if use is Use.PATCH else [f.json_name for f in fields if is_required(f)]
        schema: Schema = {
            "properties": {field.json_name: self.sent(field) for field in fields},
            "additionalProperties": False,
        }
        return {**schema, "required": required} if required else schema

    def _shown(self, field: FieldDescriptor) -> Schema:
        one = self._type(field, Use.ANSWER)
        return _with_comment(field, {"type": "array", "items": one} if field.is_repeated else one)

    def sent(self, field: FieldDescriptor) -> Schema:
        """A field as it may be sent, with its bounds."""
        if is_output_only(field):
            return {"readOnly": True, "description": "Passed over when it is sent."}
        rules = rules_of(field)
        if field.is_repeated:
            limits, each = of_list(rules)
            items = {**self._sent_type(field, excluded_numbers(each)), **bounds(each)}
            return _with_comment(field, {"type": "array", "items": items, **limits})
        one = {**self._sent_type(field, excluded_numbers(rules)), **bounds(rules)}
        if is_input_only(field):
            one["writeOnly"] = True
        return _with_comment(field, one)

    def _sent_type(self, field: FieldDescriptor, excluded: Collection[int]) -> Schema:
        if field.enum_type and excluded:
            return _enum(field.enum_type, excluded)
        return self._type(field, Use.PATCH if is_unchecked(field) else Use.INPUT)

    def _type(self, field: FieldDescriptor, use: Use) -> Schema:
        if field.message_type:
            return self._message_type(field.message_type, use)
        if field.enum_type:
            return self._enum_ref(field.enum_type)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return {"type": "string", "contentEncoding": "base64"}
        return dict(SCALARS[field.cpp_type])

    def _message_type(self, message: Descriptor, use: Use) -> Schema:
        if is_timestamp(message):
            return {"type": "string", "format": "date-time"}
        if is_mask(message):
            return {"type": "string"}
        return self.ref(message, use)

    def _enum_ref(self, enum: EnumDescriptor) -> Schema:
        name = self._name(enum)
        self.components.setdefault(name, _enum(enum, ()))
        return {"$ref": SCHEMAS + name}


def is_required(field: FieldDescriptor) -> bool:
    return behaves(field, field_behavior_pb2.REQUIRED)


def _enum(enum: EnumDescriptor, excluded: Collection[int]) -> Schema:
    values = [value for value in enum.values if value.number not in excluded]
    said = contract.comments()
    lines = [f"- `{each.name}`: {said.get(f'{enum.full_name}.{each.name}', '')}" for each in values]
    text = "\n".join([said.get(enum.full_name, ""), "", *lines])
    return {"type": "string", "enum": [value.name for value in values], "description": text}


def _with_comment(field: FieldDescriptor, schema: Schema) -> Schema:
    return {**schema, **_described(contract.comments().get(field.full_name, ""))}


def _described(text: str) -> Schema:
    return {"description": text} if text else {}


def _inner_names(described: Descriptor | EnumDescriptor) -> Iterator[str]:
    """Without the package: `interchange.opportunities.v1.Notice.State` is `Notice`, `State`."""
    if described.containing_type:
        yield from _inner_names(described.containing_type)
    yield described.name
