"""Which fields a PATCH means: as the query says, or else those that its body holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask

from gateway.codec.fields import is_output_only
from gateway.codec.wrong import UNKNOWN_FIELD, wrong

EVERYTHING = "*"
# They say which resource, and which state of it: never what to change.
NOT_CONTENT = frozenset({"name", "etag"})


def is_mask(message: Descriptor) -> bool:
    return message.full_name == FieldMask.DESCRIPTOR.full_name


def read(text: str, mask: FieldMask, resource: Descriptor | None) -> None:
    """Paths in camel case or as in the contract, separated by commas."""
    paths = [part.strip() for part in text.split(",") if part.strip()]
    mask.paths.extend(
        path if resource is None or path == EVERYTHING else _proto_path(path, resource)
        for path in paths
    )


def _proto_path(path: str, message: Descriptor) -> str:
    head, dot, rest = path.partition(".")
    field = _field(head, message)
    if not dot:
        return str(field.name)
    if field.message_type is None or field.is_repeated:
        raise wrong(UNKNOWN_FIELD, f"has nothing inside: {head}")
    return f"{field.name}.{_proto_path(rest, field.message_type)}"


def _field(name: str, message: Descriptor) -> FieldDescriptor:
    for field in message.fields:
        if name in (field.name, field.json_name):
            return field
    raise wrong(UNKNOWN_FIELD, f"there is no such field: {name[:100]}")


class BodyMask:
    """The mask that a body means: its top-level fields that the caller may write."""

    def __init__(self, resource: Descriptor) -> None:
        fields = [each for each in resource.fields if each.name not in NOT_CONTENT]
        self._names = dict(_both_names(each for each in fields if not is_output_only(each)))

    def __call__(self, body: Mapping[str, object]) -> Collection[str]:
        return [self._names[key] for key in body if key in self._names]


def _both_names(fields: Iterator[FieldDescriptor]) -> Iterator[tuple[str, str]]:
    for field in fields:
        yield field.json_name, field.name
        yield field.name, field.name
