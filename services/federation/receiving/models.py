"""What came from partners: how far each log is read, its entries as they were signed, and what was set aside."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.columns import named
from chassis.database import UtcDateTime, new_id
from services.federation.columns import Base
from services.federation.protocol.entry import GENESIS
from services.federation.protocol.head import Head
from services.federation.protocol.receiving import Cursor

# Between two entries; an operator who changes terms more often than that waits for the next entry.
MOST_WORDS = 1000


class ReceivedCursor(Base):
    """How far one channel of one origin is read. Moves in the transaction that applies what it passes."""

    __tablename__ = "received_cursors"

    origin: Mapped[str] = mapped_column(String(40), primary_key=True)
    channel: Mapped[str] = mapped_column(String(60), primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, default=1)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    hash: Mapped[str] = mapped_column(String(64), default=GENESIS)
    # Entries are here without a gap from the one after this; before it there was a snapshot.
    since: Mapped[int] = mapped_column(BigInteger, default=0)
    # The newest head that the origin signed, as it signed it: a relay hands it on.
    head: Mapped[int] = mapped_column(BigInteger, default=0)
    head_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    head_line: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    live_notices: Mapped[int] = mapped_column(default=0)
    snapshot_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    # The signed manifest of that snapshot: proof of the place while no entry was read after it.
    manifest_line: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    # How often we ourselves have spoken of what is here since the last entry.
    words: Mapped[int] = mapped_column(default=0)
    # The terms by which what is live was judged last; empty before the first time.
    judged_by: Mapped[str] = mapped_column(String(64), default="")
    # The origin does not share the channel with us any more.
    is_refused: Mapped[bool] = mapped_column(default=False)

    @property
    def place(self) -> Cursor:
        """How far, as the protocol's judge wants it."""
        return Cursor(self.epoch, self.seq, self.hash)

    def move(self, to: Cursor) -> None:
        """On to another place."""
        self.epoch, self.seq, self.hash = to.epoch, to.seq, to.hash
        self.words = 0

    def jump(self, to: Cursor, *, at: datetime) -> None:
        """To where a snapshot ends."""
        self.move(to)
        self.since, self.snapshot_time, self.manifest_line = to.seq, at, None

    def speak(self) -> int:
        """The number of a word of our own that comes after all that was said so far."""
        self.words = min(self.words + 1, MOST_WORDS)
        return self.words

    def saw(self, head: Head, line: bytes) -> None:
        """What the origin says it has."""
        self.head, self.head_time, self.head_line = head.head, head.time, line

    @property
    def is_at_head(self) -> bool:
        """Whether nothing is left to read, as far as the origin has said."""
        return self.head_time is not None and self.seq >= self.head


class ReceivedEntry(Base):
    """An entry of a partner's log, in the bytes that were signed. The live ones are what we show of it."""

    __tablename__ = "received_entries"
    __table_args__ = (Index("received_entries_by_subject", "subject"),)

    origin: Mapped[str] = mapped_column(String(40), primary_key=True)
    channel: Mapped[str] = mapped_column(String(60), primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hash: Mapped[str] = mapped_column(String(64))
    op: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(64))
    kid: Mapped[str] = mapped_column(String(60))
    protected: Mapped[bytes] = mapped_column(LargeBinary)
    sig: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    is_live: Mapped[bool]
    receive_time: Mapped[datetime] = mapped_column(UtcDateTime)


class Fork(Base):
    """Two histories that one region signed: where we stood, what does not go with that, and who showed it."""

    __tablename__ = "forks"
    __table_args__ = (
        UniqueConstraint("origin", "channel", "epoch", "seq", "hash"),
        Index("forks_newest", "origin", "create_time", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    origin: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(60))
    # The other history's place, and the origin's signature on it.
    epoch: Mapped[int] = mapped_column(BigInteger)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
    proof: Mapped[bytes] = mapped_column(LargeBinary)
    # What we have read of the same epoch, and the origin's signature on that.
    read_seq: Mapped[int] = mapped_column(BigInteger)
    read_hash: Mapped[str] = mapped_column(String(64))
    read_proof: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The newest head that the origin signed for us.
    head: Mapped[bytes | None] = mapped_column(LargeBinary)
    teller: Mapped[str] = mapped_column(String(40))  # the origin itself, or who was told otherwise
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def place(self) -> Cursor:
        """Where the other history stands."""
        return Cursor(self.epoch, self.seq, self.hash)


class SnapshotEntry(Base):
    """An entry of a snapshot that is not complete yet: nothing of it counts before all of it is here."""

    __tablename__ = "snapshot_entries"

    origin: Mapped[str] = mapped_column(String(40), primary_key=True)
    channel: Mapped[str] = mapped_column(String(60), primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hash: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(64))
    line: Mapped[bytes] = mapped_column(LargeBinary)


class AsideState(IntEnum):
    """What is to become of an entry that was set aside; numbers are those of the proto."""

    HELD = 1
    QUARANTINED = 2
    TAKEN = 3
    DROPPED = 4


class SetAside(Base):
    """An entry that was not taken over, with the reason. It is kept as it came until that is decided."""

    __tablename__ = "set_aside_entries"
    __table_args__ = (
        UniqueConstraint("origin", "channel", "epoch", "seq", "reason"),
        Index("set_aside_entries_newest", "origin", "create_time", "id"),
        Index("set_aside_entries_by_subject", "subject"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    origin: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(60))
    epoch: Mapped[int] = mapped_column(BigInteger)
    seq: Mapped[int] = mapped_column(BigInteger)
    subject: Mapped[str] = mapped_column(String(64))
    state: Mapped[AsideState] = mapped_column(named(AsideState))
    reason: Mapped[str] = mapped_column(String(50))
    detail: Mapped[str] = mapped_column(String(500))
    line: Mapped[bytes | None] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)

    def decide(self, state: AsideState) -> None:
        """It is taken over or forgotten; what it says goes with that."""
        self.state, self.line = state, None
