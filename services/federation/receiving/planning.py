"""What a page asks for, worked out before the transaction that does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from services.federation.protocol.entry import Op
from services.federation.protocol.payloads import (
    NOTICE_SCHEMA,
    NOTICE_TYPE,
    RECORD_TYPE,
    BadPayload,
    Receipt,
    read_notice,
    read_receipt,
)
from services.federation.protocol.receiving import Cursor, Verdict, advance, judge
from services.federation.receiving.notices import Admission, Foreign, understand
from services.federation.receiving.reading import Received

PASSED_OVER = (Verdict.DUPLICATE, Verdict.OLDER_EPOCH)


class Stop(Enum):
    """Why a page is not taken to its end."""

    GAP = "an entry is missing"
    FORK = "the log has another history"
    NEWER_EPOCH = "the log begins anew"


@dataclass(frozen=True, slots=True)
class Live:
    """The notice is to be shown."""

    foreign: Foreign


@dataclass(frozen=True, slots=True)
class Gone:
    """The notice is to be shown no more; with `erase`, nothing that it said is to be kept."""

    erase: bool


@dataclass(frozen=True, slots=True)
class Held:
    """Signed well, and yet not to be taken over."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Record:
    """A sealed record for its owner here, or the word that one is erased."""

    erase: bool


@dataclass(frozen=True, slots=True)
class Receipted:
    """The partner has erased what we asked it to."""

    receipt: Receipt


Effect = Live | Gone | Held | Record | Receipted

# What this release can make something of: when it grows, what was held for want of it is judged again.
READS = (NOTICE_SCHEMA, NOTICE_TYPE, RECORD_TYPE, *sorted(Op))


@dataclass(frozen=True, slots=True)
class Plan:
    """The entries that may be taken, in order, and what the last one on each subject does."""

    origin: str
    channel: str
    start: Cursor
    end: Cursor
    entries: Sequence[Received]
    effects: Sequence[tuple[Received, Effect]]
    erased: Mapping[str, int]  # subjects, with the number of the entry that erases them
    stop: Stop | None = None

    @property
    def is_private(self) -> bool:
        """Whether the log is for us alone."""
        return self.channel.startswith("to.")


def plan(
    origin: str,
    channel: str,
    cursor: Cursor,
    page: Sequence[Received],
    *,
    admission: Admission,
) -> Plan:
    """Judge each entry after the one before it."""
    entries, end, stop = accept(cursor, page)
    found = effects(origin, channel, entries, admission)
    return Plan(origin, channel, cursor, end, entries, found, erasures(entries), stop)


def accept(cursor: Cursor, page: Sequence[Received]) -> tuple[list[Received], Cursor, Stop | None]:
    """The entries that come next, one after the other; where that leads; why it ends before the page does."""
    taken: list[Received] = []
    for each in page:
        verdict = judge(cursor, each.protected, each.hash)
        if verdict in PASSED_OVER:
            continue
        if verdict is not Verdict.APPLY:
            return taken, cursor, Stop[verdict.name]
        taken.append(each)
        cursor = advance(each.protected, each.hash)
    return taken, cursor, None


def erasures(entries: Sequence[Received]) -> dict[str, int]:
    """What is erased, and by which entry."""
    erasing = (each.protected for each in entries if each.protected.op == Op.ERASE)
    return {protected.subject: protected.seq for protected in erasing}


def effects(
    origin: str, channel: str, entries: Sequence[Received], admission: Admission
) -> list[tuple[Received, Effect]]:
    """Of notices, what a later entry of the page replaces has no effect: nobody could have seen it."""
    if channel.startswith("to."):
        return [(each, effect) for each in entries if (effect := _of_record(each))]
    last = {each.protected.subject: each for each in entries}
    ordered = sorted(last.values(), key=lambda each: each.protected.seq)
    return [(each, effect) for each in ordered if (effect := _of_notice(origin, each, admission))]


def _of_notice(origin: str, received: Received, admission: Admission) -> Effect | None:
    match received.protected.op:
        case Op.PUT:
            return _shown(origin, received, admission)
        case Op.WITHDRAW:
            return Gone(erase=False)
        case Op.ERASE:
            return Gone(erase=True)
        case Op.EPOCH:
            return None
    return Held("UNKNOWN_OP", "an operation that this version does not know")


def _shown(origin: str, received: Received, admission: Admission) -> Effect:
    payload, protected = received.entry.payload, received.protected
    if payload is None:
        return Gone(erase=False)  # its origin has signed that it erases it further on
    if protected.type != NOTICE_TYPE:
        return Held("UNKNOWN_MAJOR", "a kind of entry that this version does not know")
    try:
        content = read_notice(payload)
    except BadPayload as problem:
        return Held("BAD_PAYLOAD", f"{problem.field}: {problem.reason}")
    foreign = understand(origin, content)
    if content["notice"]["id"] != protected.subject:
        return Held("BAD_SUBJECT", "the notice is not the one that the entry is about")
    objection = admission.objection(foreign)
    return Held("NOT_ADMITTED", objection) if objection else Live(foreign)


def _of_record(received: Received) -> Effect | None:
    protected = received.protected
    match protected.op:
        case Op.EOI | Op.PUT if protected.type == RECORD_TYPE:
            return Record(erase=False)
        case Op.EOI | Op.PUT:
            return Held("UNKNOWN_MAJOR", "a kind of entry that this version does not know")
        case Op.ERASE | Op.WITHDRAW:
            return Record(erase=True)
        case Op.RECEIPT:
            return _receipted(received)
        case Op.EPOCH:
            return None
    return Held("UNKNOWN_OP", "an operation that this version does not know")


def _receipted(received: Received) -> Effect:
    try:
        return Receipted(read_receipt(received.entry.payload or b""))
    except BadPayload as problem:
        return Held("BAD_PAYLOAD", f"{problem.field}: {problem.reason}")
