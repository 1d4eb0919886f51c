"""Bytes as text on the wire: standard base64, read strictly; moments as RFC 3339 in UTC."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from datetime import UTC, datetime
from typing import cast

import orjson

LENGTH_BYTES = 4


def b64(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).decode()


def unb64(text: str) -> bytes:
    """The bytes in a base64 text; ValueError for anything that is not exactly that."""
    return a2b_base64(text, strict_mode=True)


def framed(domain: bytes, message: bytes) -> bytes:
    """What is signed: the domain says what kind of thing it is, so that none passes for another."""
    return b"%b\0%b%b" % (domain, len(message).to_bytes(LENGTH_BYTES, "big"), message)


def to_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def to_moment(text: str) -> datetime:
    """The moment in an RFC 3339 text that ends in Z; ValueError for any other."""
    if len(text) < len("2026-11-25T00:00:00Z") or text[10] != "T" or text[-1] != "Z":
        raise ValueError("not a moment in UTC")
    return datetime.fromisoformat(text)


def read_object(raw: bytes | str) -> dict[str, object]:
    """A JSON object; ValueError for anything else."""
    content = orjson.loads(raw)
    if type(content) is not dict:
        raise ValueError("not a JSON object")
    return cast("dict[str, object]", content)
