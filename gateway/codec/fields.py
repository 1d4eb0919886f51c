"""What both directions ask about a field of the contract."""

from __future__ import annotations

from collections.abc import Sequence

from google.api import field_behavior_pb2
from google.api.field_behavior_pb2 import FieldBehavior
from google.protobuf.descriptor import Descriptor, FieldDescriptor

WELL_KNOWN = "google.protobuf."


def behaves(field: FieldDescriptor, behaviour: FieldBehavior) -> bool:
    """Whether the field is annotated so."""
    given: Sequence[int] = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]  # type: ignore[index]  # untyped in the stub
    return behaviour in given


def message_in(field: FieldDescriptor) -> Descriptor:
    """The type of a field that holds messages."""
    assert field.message_type  # noqa: S101  # asked of no other
    return field.message_type


def is_output_only(field: FieldDescriptor) -> bool:
    """Only the service writes it."""
    return behaves(field, field_behavior_pb2.OUTPUT_ONLY)


def is_input_only(field: FieldDescriptor) -> bool:
    """The service never shows it."""
    return behaves(field, field_behavior_pb2.INPUT_ONLY)


def is_timestamp(message: Descriptor) -> bool:
    return message.full_name == "google.protobuf.Timestamp"


def is_exotic(message: Descriptor) -> bool:
    """Whether it has JSON of its own, or a kind of field that this contract does without: left to the reference."""
    return message.full_name.startswith(WELL_KNOWN) or any(map(_is_exotic, message.fields))


def _is_exotic(field: FieldDescriptor) -> bool:
    is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
    return is_map or _is_in_real_oneof(field) or field.type == FieldDescriptor.TYPE_FLOAT


def _is_in_real_oneof(field: FieldDescriptor) -> bool:
    """`optional` in proto3 makes a oneof of one, which is no choice."""
    oneof = field.containing_oneof
    return oneof is not None and oneof.name != f"_{field.name}"
