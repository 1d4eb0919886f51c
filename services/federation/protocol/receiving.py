"""How a receiver judges what comes next: in order, without gaps, never back, and two histories are noticed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.federation.protocol.entry import GENESIS, Protected
from services.federation.protocol.head import Head, Manifest


class Verdict(StrEnum):
    """What to do with one verified entry."""

    APPLY = "apply"
    DUPLICATE = "duplicate"  # known: drop
    OLDER_EPOCH = "older epoch"  # replayed, or its origin fell back: drop
    NEWER_EPOCH = "newer epoch"  # take its snapshot, then go on from there
    GAP = "gap"  # something before it is missing: fetch that first, apply nothing
    FORK = "fork"  # its origin told two histories: stop, read nothing more of this epoch


class Standing(StrEnum):
    """How a signed head stands to what was read."""

    CURRENT = "current"  # all is read
    MORE = "more"  # there is more to read
    TRIMMED = (
        "trimmed"  # there is more, but what comes next is not served any more: take the snapshot
    )
    NEWER_EPOCH = "newer epoch"
    ROLLED_BACK = "rolled back"  # its origin has less than it once told: a backup was restored
    FORK = "fork"


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far one channel of one origin was read."""

    epoch: int = 1
    seq: int = 0
    hash: str = GENESIS

    @property
    def place(self) -> tuple[int, int]:
        return self.epoch, self.seq


def judge(cursor: Cursor, protected: Protected, entry_hash: str) -> Verdict:
    """What to do with a verified entry of the cursor's origin and channel."""
    if protected.epoch != cursor.epoch:
        return Verdict.NEWER_EPOCH if protected.epoch > cursor.epoch else Verdict.OLDER_EPOCH
    if protected.seq == cursor.seq:
        return Verdict.DUPLICATE if entry_hash == cursor.hash else Verdict.FORK
    if protected.seq < cursor.seq:
        return Verdict.DUPLICATE
    if protected.seq > cursor.seq + 1:
        return Verdict.GAP
    return Verdict.APPLY if protected.prev == cursor.hash else Verdict.FORK


def advance(protected: Protected, entry_hash: str) -> Cursor:
    """The cursor after an entry was applied."""
    return Cursor(protected.epoch, protected.seq, entry_hash)


def standing(cursor: Cursor, head: Head) -> Standing:
    """How a verified head stands to what was read of its channel."""
    if head.epoch != cursor.epoch:
        return Standing.NEWER_EPOCH if head.epoch > cursor.epoch else Standing.ROLLED_BACK
    if head.head < cursor.seq:
        return Standing.ROLLED_BACK
    if head.head == cursor.seq:
        return Standing.CURRENT if head.hash == cursor.hash else Standing.FORK
    return Standing.MORE if head.min <= cursor.seq + 1 else Standing.TRIMMED


def is_acceptable(cursor: Cursor, manifest: Manifest) -> bool:
    """Whether a verified snapshot may take the place of what was read: never an older one, nor another history."""
    if (manifest.epoch, manifest.upto) == cursor.place:
        return manifest.head_hash == cursor.hash
    return (manifest.epoch, manifest.upto) > cursor.place


def after_snapshot(manifest: Manifest) -> Cursor:
    """The cursor after a snapshot was taken over, and whatever it does not list was withdrawn."""
    return Cursor(manifest.epoch, manifest.upto, manifest.head_hash)
