"""What spans say of whom and what they are about, so that they are found: a role and a notice tell of nobody."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

NOTICE = "interchange.notice"
ROLES = "interchange.roles"  # of the person who acts
NOTICES = "notices/"
NAMING = ("name", "notice", "parent")  # the fields that hold names of notices, by our contract


def notice_of(message: Message) -> str:
    """The first notice that it names, itself or one level down, as an interest does; empty: none."""
    for outer, inner in _places(message.DESCRIPTOR):
        value: str = getattr(getattr(message, outer) if outer else message, inner)
        if value.startswith(NOTICES):
            return value
    return ""


@lru_cache(maxsize=1024)
def _places(kind: Descriptor) -> tuple[tuple[str, str], ...]:
    """Where to look: pairs of a message field, or nothing, and the string field in it."""
    below = [(each.name, each.message_type) for each in kind.fields if not each.is_repeated]
    return (
        *(("", name) for name in _naming(kind)),
        *((outer, name) for outer, inner in below if inner for name in _naming(inner)),
    )


def _naming(kind: Descriptor) -> Iterator[str]:
    for name in NAMING:
        field = kind.fields_by_name.get(name)
        if field and field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
            yield name
