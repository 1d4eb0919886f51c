"""The shapes of single values on the wire, each checked in one place; ValueError names the field that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from services.federation.protocol.encoding import to_moment, unb64

T = TypeVar("T")
Source = Mapping[str, object]

# Beyond this a JSON number is no integer any more to half of the world's parsers.
LARGEST = 2**53 - 1
KEY_BYTES = 32

REGION = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
CHANNEL = re.compile(r"national|group\.[a-z0-9-]{1,40}|to\.[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
KID = re.compile(r"[A-Za-z0-9._-]{1,100}")
UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SHA256 = re.compile(r"[0-9a-f]{64}")


def text(source: Source, field: str, *, limit: int) -> str:
    value = source.get(field)
    if type(value) is not str or len(value) > limit:
        raise ValueError(f"{field} must be a text of at most {limit} characters")
    return value


def matching(source: Source, field: str, shape: re.Pattern[str]) -> str:
    value = source.get(field)
    if type(value) is not str or not shape.fullmatch(value):
        raise ValueError(f"{field} does not have its shape")
    return value


def whole(source: Source, field: str, *, least: int = 0) -> int:
    value = source.get(field)
    if type(value) is not int or not least <= value <= LARGEST:
        raise ValueError(f"{field} must be a whole number from {least}")
    return value


def moment(source: Source, field: str) -> datetime:
    value = source.get(field)
    try:
        if type(value) is str:
            return to_moment(value)
    except ValueError:
        pass
    raise ValueError(f"{field} must be a moment such as 2026-11-25T09:00:00Z")


def octets(source: Source, field: str, *, size: int | None = None) -> bytes:
    value = source.get(field)
    try:
        raw = unb64(value) if type(value) is str else None
    except ValueError:
        raw = None
    if raw is None or (size is not None and len(raw) != size):
        raise ValueError(f"{field} must be base64" + (f" of {size} bytes" if size else ""))
    return raw


def objects(
    source: Source, field: str, read: Callable[[Source], T], *, limit: int
) -> tuple[T, ...]:
    """A list of at most so many objects, each read; an absent list is empty."""
    value = source.get(field, [])
    if type(value) is not list or len(value) > limit:
        raise ValueError(f"{field} must be a list of at most {limit}")
    if not all(type(each) is dict for each in value):
        raise ValueError(f"{field} must be a list of objects")
    return tuple(read(each) for each in value)
