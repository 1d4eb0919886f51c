"""Reading a page: every line is measured and verified before anything is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.federation.protocol.document import RegionDocument
from services.federation.protocol.entry import (
    BadEntry,
    Entry,
    Protected,
    read_entry,
    verify_entry,
)
from services.federation.protocol.head import BadHead, Head, read_head, split_page

UNKNOWN_KEY = "UNKNOWN_KEY"


@dataclass(frozen=True, slots=True)
class Received:
    """An entry whose signature is its origin's."""

    entry: Entry
    protected: Protected
    hash: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that is not to be trusted; what it says of itself, as far as it can be read."""

    line: bytes
    reason: str
    detail: str
    seq: int = 0
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """What a partner sent: entries up to the first that is not to be trusted, and its signed head."""

    entries: Sequence[Received]
    rejected: Rejected | None
    head: Head
    head_line: bytes


def read_page(body: bytes, channel: str, document: RegionDocument, *, at: datetime) -> Page:
    """Entries and head of one channel; BadHead when it is too much, or the head is not the origin's."""
    lines, last = split_page(body)
    head = read_head(last, document)
    if head.channel != channel:
        raise BadHead("WRONG_CHANNEL", "the head of another channel")
    entries, rejected = read_lines(lines, channel, document, at=at)
    return Page(entries, rejected, head, last)


def read_lines(
    lines: Sequence[bytes], channel: str, document: RegionDocument, *, at: datetime
) -> tuple[list[Received], Rejected | None]:
    """Verified entries, up to the first line that is not."""
    entries: list[Received] = []
    for line in lines:
        read = _read(line, channel, document, at)
        if isinstance(read, Rejected):
            return entries, read
        entries.append(read)
    return entries, None


def _read(line: bytes, channel: str, document: RegionDocument, at: datetime) -> Received | Rejected:
    try:
        entry, protected = read_entry(line)
    except BadEntry as problem:
        return Rejected(line, problem.reason, problem.detail)
    try:
        if protected.channel != channel:
            raise BadEntry("WRONG_CHANNEL", "an entry of another channel")
        verify_entry(entry, protected, document, at=at)
    except BadEntry as problem:
        return Rejected(
            line, problem.reason, problem.detail, seq=protected.seq, epoch=protected.epoch
        )
    return Received(entry, protected, entry.hash)


def reread(line: bytes) -> Received:
    """An entry that we verified before and kept."""
    entry, protected = read_entry(line)
    return Received(entry, protected, entry.hash)
