"""A simulated receiver of one origin, built on the protocol's own judgement; its alternatives are what is taken out."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from services.federation.protocol.document import RegionDocument
from services.federation.protocol.entry import (
    BadEntry,
    Entry,
    Erasure,
    Op,
    Protected,
    read_entry,
    verify_entry,
)
from services.federation.protocol.head import (
    BadHead,
    Manifest,
    join_page,
    read_head,
    read_manifest,
    snapshot_digest,
    split_page,
)
from services.federation.protocol.proof import Proof, of_entry, of_line
from services.federation.protocol.receiving import (
    Cursor,
    Standing,
    Verdict,
    advance,
    after_snapshot,
    is_acceptable,
    judge,
    standing,
)
from tests.federation.design import Design
from tests.federation.origin import PAGE, Claim

Place = tuple[int, int]
WINDOW = 12
ENDS = (Op.WITHDRAW, Op.ERASE)
# Reading is pure, and the same lines come again and again.
_read = lru_cache(maxsize=4096)(read_entry)


@dataclass(frozen=True, slots=True)
class Copy:
    """A live notice as its origin said it, and where."""

    payload: bytes
    place: Place


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as it came, so that it can be handed on."""

    entry: Entry
    subject: str


@dataclass(frozen=True, slots=True)
class Backup:
    """What a restore brings back: one database, so always of one moment."""

    cursor: Cursor
    copies: dict[str, Copy]
    log: dict[Place, Kept]
    head: bytes
    forked: int
    other: Claim | None
    manifest: bytes
    ended: dict[str, Place]


class Reader:
    """What one region has of another."""

    def __init__(self, document: RegionDocument, design: Design) -> None:
        self.document, self.design = document, design
        self.cursor = Cursor()
        self.copies: dict[str, Copy] = {}
        self.log: dict[Place, Kept] = {}  # for those who ask us to relay
        self.head = b""
        self.forked = 0  # the epoch in which its origin told two histories
        self.other: Claim | None = None  # where the other history was seen
        self.manifest = b""  # of the newest snapshot
        self.needs_snapshot = self.is_recovering = False
        self.ended: dict[str, Place] = {}  # tombstones, used without a cursor only
        self.known: deque[str] = deque(maxlen=WINDOW)

    # pages, pushed or pulled, direct or relayed: the same code

    def take_page(self, body: bytes, *, is_fresh: bool) -> None:
        """`is_fresh` says that the origin itself answered what we asked since we last started."""
        try:
            lines, last = split_page(body)
        except BadHead:
            return
        for line in lines:
            if not self._take(line):
                break
        self._take_head(last, is_fresh=is_fresh)

    def take_snapshot(self, body: bytes) -> None:
        try:
            lines, last = split_page(body)
            manifest = read_manifest(last, self.document)
            entries = [self._verified(line) for line in lines]
        except (BadHead, BadEntry):
            return
        if self._may_take(manifest) and self._is_whole(manifest, [each for each, _ in entries]):
            self._take_over(manifest, entries)
            self.manifest = last

    def relay(self, cursor: Cursor) -> bytes | None:
        """What we would hand on from this cursor on: our copy of the log, and the newest head that we saw.

        The entry at the cursor is among it: whether it is the same here is half of the news.
        """
        places = [(cursor.epoch, cursor.seq + at) for at in range(PAGE)]
        kept = [self.log[place] for place in places if place in self.log]
        return join_page([each.entry.line() for each in kept], self.head) if self.head else None

    def backup(self) -> Backup:
        copies, log, ended = dict(self.copies), dict(self.log), dict(self.ended)
        return Backup(
            self.cursor, copies, log, self.head, self.forked, self.other, self.manifest, ended
        )

    def restore(self, backup: Backup) -> None:
        self.cursor, self.copies, self.log = backup.cursor, dict(backup.copies), dict(backup.log)
        self.head, self.forked, self.ended = backup.head, backup.forked, dict(backup.ended)
        self.other, self.manifest, self.needs_snapshot = backup.other, backup.manifest, False
        self.is_recovering = self.design.recovery

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What hello tells the origin: how far we are and, after a fork, what else it once said.

        With the cursor alone an origin never learns of a fork that it forgot itself.
        """
        is_forked = self.other is not None and self.forked >= self.cursor.epoch
        read = Claim(self.cursor, self._proof())
        return (read, self.other) if self.other and is_forked else (read,)

    def _proof(self) -> Proof | None:
        """The origin's signature on the last that was read."""
        kept = self.log.get(self.cursor.place)
        if kept:
            return of_entry(kept.entry.protected, kept.entry.sig)
        return of_line(self.manifest) if self.manifest else None

    @property
    def is_unbroken(self) -> bool:
        """Whether every entry of the epoch up to the cursor is here."""
        epoch, seq = self.cursor.place
        return all((epoch, each) in self.log for each in range(1, seq + 1))

    @property
    def served(self) -> Mapping[str, Copy]:
        """What its people see."""
        return {} if self.is_recovering else self.copies

    # one entry

    def _take(self, line: bytes) -> bool:
        """Whether the next line may be looked at."""
        try:
            entry, said = self._verified(line)
        except BadEntry:
            return False
        if not self.design.cursor:
            return self._take_by_id(entry, said)
        if said.epoch <= self.forked:
            return False
        return self._act(judge(self.cursor, said, entry.hash), entry, said)

    def _verified(self, line: bytes) -> tuple[Entry, Protected]:
        entry, said = _read(line)
        if not self.design.signatures:
            return entry, said
        try:
            verify_entry(entry, said, self.document)
        except BadEntry as problem:
            if problem.reason != "PAYLOAD_MISSING" or self.design.proof_of_erasure:
                raise
        return entry, said

    def _act(self, verdict: Verdict, entry: Entry, said: Protected) -> bool:
        if verdict is Verdict.APPLY:
            self._apply(entry, said)
            self.cursor = advance(said, entry.hash)
        elif verdict is Verdict.GAP and not self.design.in_order:
            self._apply(entry, said)
        elif verdict is Verdict.FORK:
            shown = of_entry(entry.protected, entry.sig)
            self._fork(Claim(advance(said, entry.hash), shown))
        elif verdict is Verdict.NEWER_EPOCH:
            self.needs_snapshot = True
        return verdict in (Verdict.APPLY, Verdict.DUPLICATE) or not self.design.in_order

    def _fork(self, other: Claim) -> None:
        self.forked, self.other = max(self.forked, other.place.epoch), other

    def _apply(self, entry: Entry, said: Protected) -> None:
        self.log[said.epoch, said.seq] = Kept(entry, said.subject)
        known = self.copies.get(said.subject)
        if known and known.place > (said.epoch, said.seq):
            return  # can be only where something was applied ahead of a gap
        self.copies.pop(said.subject, None)
        if said.op == Op.PUT and entry.payload is not None:
            self.copies[said.subject] = Copy(entry.payload, (said.epoch, said.seq))
        if said.op == Op.ERASE:
            self._erase(said.subject, Erasure(entry.protected, entry.sig))

    def _erase(self, subject: str, proof: Erasure) -> None:
        for place, kept in self.log.items():
            if kept.subject == subject and kept.entry.payload is not None:
                entry = replace(kept.entry, payload=None, erasure=proof)
                self.log[place] = Kept(entry, subject)

    # heads

    def _take_head(self, line: bytes, *, is_fresh: bool) -> None:
        try:
            head = read_head(line, self.document)
        except BadHead:
            return
        self.head = line
        found = standing(self.cursor, head)
        if found is Standing.FORK and self.design.cursor:
            self._fork(Claim(Cursor(head.epoch, head.head, head.hash), of_line(line)))
        if found in (Standing.NEWER_EPOCH, Standing.TRIMMED):
            self.needs_snapshot = True
        if found is Standing.CURRENT and is_fresh and head.epoch > self.forked:
            self.is_recovering = False

    # snapshots

    def _may_take(self, manifest: Manifest) -> bool:
        if not self.design.cursor:
            return True
        return manifest.epoch > self.forked and is_acceptable(self.cursor, manifest)

    def _is_whole(self, manifest: Manifest, entries: list[Entry]) -> bool:
        digest = snapshot_digest(each.hash for each in entries)
        return (manifest.count, manifest.digest) == (len(entries), digest)

    def _take_over(self, manifest: Manifest, entries: list[tuple[Entry, Protected]]) -> None:
        """Mark and sweep: what is not listed is gone, from our copy of the log too."""
        if self.design.sweep:
            self.copies.clear()
            self.log.clear()
        for entry, said in entries:
            if entry.payload is not None:
                self.copies[said.subject] = Copy(entry.payload, (said.epoch, said.seq))
            self.log[said.epoch, said.seq] = Kept(entry, said.subject)
        self.cursor = after_snapshot(manifest)
        self.needs_snapshot = False

    # without a cursor

    def _take_by_id(self, entry: Entry, said: Protected) -> bool:
        """Known ids are dropped, of two words on one subject the later wins, tombstones are collected."""
        place = (said.epoch, said.seq)
        if said.id in self.known:
            return True
        self.known.append(said.id)
        known = self.copies.get(said.subject)
        if place <= max(known.place if known else (0, 0), self.ended.get(said.subject, (0, 0))):
            return True
        self._apply(entry, said)
        if said.op in ENDS:
            self.ended[said.subject] = place
            self.ended = dict(list(self.ended.items())[-2:])
        if place > self.cursor.place:
            self.cursor = advance(said, entry.hash)
        return True
