"""Field masks: which fields an update means."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from chassis.errors import FieldViolation, InvalidArgument

EVERYTHING = "*"


def changed(mask: FieldMask, message: Message, *, allowed: Collection[str]) -> set[str]:
    """The fields of `message` to take over: those of the mask, or without one every allowed field that is set.

    A path that is not allowed: InvalidArgument UNKNOWN_FIELD, which names each.
    """
    paths = set(mask.paths)
    if not paths:
        return {field.name for field, _ in message.ListFields()} & set(allowed)
    if paths == {EVERYTHING}:
        return set(allowed)
    wrong = sorted(paths - set(allowed))
    if wrong:
        raise _fixed(wrong, message)
    return paths


def _fixed(paths: Sequence[str], message: Message) -> InvalidArgument:
    """The fields as they stand in the request, where the resource goes by its own name in lower case."""
    fields = [f"{message.DESCRIPTOR.name.lower()}.{path}" for path in paths]
    return InvalidArgument(
        "UNKNOWN_FIELD",
        f"this can't be changed here: {', '.join(fields)}",
        violations=[
            FieldViolation(each, "UNKNOWN_FIELD", "can't be changed here") for each in fields
        ],
    )
