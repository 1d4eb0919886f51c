"""Field masks: which fields an update means."""

from __future__ import annotations

from collections.abc import Collection

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from chassis.errors import InvalidArgument

EVERYTHING = "*"


def changed(mask: FieldMask, message: Message, *, allowed: Collection[str]) -> set[str]:
    """The fields of `message` to take over: those of the mask, or without one every allowed field that is set.

    A path that is not allowed: InvalidArgument UNKNOWN_FIELD.
    """
    paths = set(mask.paths)
    if not paths:
        return {field.name for field, _ in message.ListFields()} & set(allowed)
    if paths == {EVERYTHING}:
        return set(allowed)
    if not paths <= set(allowed):
        fields = ", ".join(sorted(allowed))
        raise InvalidArgument(
            "UNKNOWN_FIELD", f"only these fields can be changed: {fields}", field="update_mask"
        )
    return paths
