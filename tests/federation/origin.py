"""A simulated origin: its notices, its log, what it answers to those who read it, and how it loses its memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from services.federation.protocol.document import KeyInfo, RegionDocument
from services.federation.protocol.entry import (
    GENESIS,
    Entry,
    Erasure,
    Op,
    Protected,
    read_protected,
    seal_entry,
)
from services.federation.protocol.head import (
    Head,
    Manifest,
    join_page,
    sign_head,
    sign_manifest,
    snapshot_digest,
)
from services.federation.protocol.keys import SigningKey
from services.federation.protocol.payloads import NOTICE_SCHEMA, NOTICE_TYPE
from services.federation.protocol.proof import BadProof, Proof, proved
from services.federation.protocol.receiving import Cursor
from tests.federation.design import WHOLE, Design

START = datetime(2026, 11, 25, tzinfo=UTC)
CHANNEL = "national"
PAGE = 5

State = Mapping[str, bytes]


@dataclass
class Chronicle:
    """What all origins ever said: the simulation's own memory, which nobody can restore."""

    states: dict[str, State] = field(default_factory=lambda: {GENESIS: {}})  # by entry hash
    said: set[tuple[str, str, bytes]] = field(default_factory=set)  # origin, subject, payload
    erased: dict[str, set[str]] = field(default_factory=dict)  # subjects by origin


@dataclass(frozen=True, slots=True)
class Claim:
    """Where somebody says that it has read us, and our signature on that place, if it has one."""

    place: Cursor
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class Backup:
    """What a restore brings back."""

    epoch: int
    log: tuple[Entry, ...]
    first: int
    live: dict[str, tuple[int, bytes]]


class Origin:
    """The log of one region's national channel."""

    def __init__(
        self, region: str, key: SigningKey, chronicle: Chronicle, design: Design = WHOLE
    ) -> None:
        self.region, self.key, self.chronicle, self.design = region, key, chronicle, design
        self.document = _document(region, key)
        self.epoch, self.first, self.ticks = 1, 1, 0
        self.log: list[Entry] = []
        self.live: dict[str, tuple[int, bytes]] = {}
        chronicle.erased.setdefault(region, set())

    # what its people do

    def put(self, subject: str, payload: bytes) -> None:
        self.chronicle.said.add((self.region, subject, payload))
        self._append(Op.PUT, subject, payload)

    def withdraw(self, subject: str) -> None:
        self._append(Op.WITHDRAW, subject, None)

    def erase(self, subject: str) -> None:
        """The payload goes from our own log at once."""
        self.chronicle.erased[self.region].add(subject)
        self._append(Op.ERASE, subject, None)
        proof = Erasure(self.log[-1].protected, self.log[-1].sig)
        for at, entry in enumerate(self.log):
            if entry.payload is not None and read_protected(entry.protected).subject == subject:
                self.log[at] = replace(entry, payload=None, erasure=proof)

    def trim(self) -> None:
        """Stop serving the older half of the log."""
        self.first = max(self.first, len(self.log) // 2 + 1)

    def start_epoch(self, number: int) -> None:
        """All that is live is issued again from number 1."""
        live, self.log, self.live = self.live, [], {}
        self.epoch, self.first = number, 1
        for subject, (_, payload) in live.items():
            self._append(Op.PUT, subject, payload)

    # how it loses its memory

    def backup(self) -> Backup:
        return Backup(self.epoch, tuple(self.log), self.first, dict(self.live))

    def restore(self, backup: Backup) -> None:
        """As of the backup; erasures are known from elsewhere and made again."""
        self.epoch, self.log, self.first = backup.epoch, list(backup.log), backup.first
        self.live = dict(backup.live)
        for subject in sorted(self.chronicle.erased[self.region] & set(self.live)):
            self.erase(subject)

    # what it answers

    def hello(self, *claims: Claim) -> None:
        """A reader that is ahead of us, or elsewhere, shows that we lost what we once said."""
        lost = [each.place for each in claims if self._is_lost(each)]
        if self.design.epochs and lost:
            self.start_epoch(max(self.epoch, *(each.epoch for each in lost)) + 1)

    def _is_lost(self, claim: Claim) -> bool:
        return not self.has_said(claim.place) and self._believes(claim)

    def _believes(self, claim: Claim) -> bool:
        if not self.design.proof_of_reading:
            return True
        try:
            return proved(claim.proof or {}, self.document) == (CHANNEL, claim.place)
        except BadProof:
            return False

    def feed(self, cursor: Cursor) -> bytes | None:
        """A page after the cursor; None where only a snapshot helps."""
        if cursor.epoch != self.epoch or cursor.seq + 1 < self.first:
            return None
        entries = self.log[cursor.seq : cursor.seq + PAGE]
        return join_page([each.line() for each in entries], self.head())

    def newest(self) -> bytes:
        """The page that is pushed after an append."""
        return join_page([self.log[-1].line()], self.head())

    def head(self) -> bytes:
        head = Head(
            origin=self.region,
            channel=CHANNEL,
            epoch=self.epoch,
            head=len(self.log),
            hash=self._hash(),
            min=self.first,
            time=self._now(),
            kid=self.key.kid,
        )
        return sign_head(head, self.key)

    def snapshot(self) -> bytes:
        entries = [self.log[seq - 1] for seq, _ in sorted(self.live.values())]
        manifest = Manifest(
            origin=self.region,
            channel=CHANNEL,
            epoch=self.epoch,
            upto=len(self.log),
            head_hash=self._hash(),
            count=len(entries),
            digest=snapshot_digest(each.hash for each in entries),
            time=self._now(),
            kid=self.key.kid,
        )
        return join_page([each.line() for each in entries], sign_manifest(manifest, self.key))

    def has_said(self, cursor: Cursor) -> bool:
        """Whether this is a place in our log, or before our epoch."""
        if cursor.epoch != self.epoch:
            return cursor.epoch < self.epoch
        return cursor.seq <= len(self.log) and self._hash(cursor.seq) == cursor.hash

    @property
    def state(self) -> State:
        return {subject: payload for subject, (_, payload) in self.live.items()}

    @property
    def place(self) -> Cursor:
        return Cursor(self.epoch, len(self.log), self._hash())

    def _append(self, op: Op, subject: str, payload: bytes | None) -> None:
        self.ticks += 1
        said = Protected(
            origin=self.region,
            channel=CHANNEL,
            epoch=self.epoch,
            seq=len(self.log) + 1,
            prev=self._hash(),
            op=op,
            type=NOTICE_TYPE,
            subject=subject,
            time=self._now(),
            dataschema=NOTICE_SCHEMA,
        )
        self.log.append(seal_entry(said, payload, self.key))
        self.live.pop(subject, None)
        if payload is not None:
            self.live[subject] = len(self.log), payload
        self.chronicle.states[self._hash()] = self.state

    def _hash(self, seq: int | None = None) -> str:
        seq = len(self.log) if seq is None else seq
        return self.log[seq - 1].hash if seq else GENESIS

    def _now(self) -> datetime:
        return START + timedelta(seconds=self.ticks)


def _document(region: str, key: SigningKey) -> RegionDocument:
    return RegionDocument(
        region=region,
        display_name=region.title(),
        url=f"https://{region}.example.org",
        version=1,
        root_public=bytes(32),
        keys=(KeyInfo(key.kid, key.public, START, START + timedelta(days=90)),),
    )
