"""The logs that we write: each entry as it was signed, and how far each log goes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import UtcDateTime
from services.federation.columns import Base
from services.federation.protocol.entry import GENESIS

IS_LIVE = text("is_live")


class Channel(Base):
    """One log: who reads it, how far it goes. Every append locks its row, so numbers have no gaps."""

    __tablename__ = "channels"

    channel: Mapped[str] = mapped_column(String(60), primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, default=1)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    hash: Mapped[str] = mapped_column(String(64), default=GENESIS)
    first_seq: Mapped[int] = mapped_column(BigInteger, default=1)  # the oldest that is served
    # As ChannelPolicy: {"kinds": [1], "formats": [2], "refused_organisations": ["organisations/…"]}
    policy: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    epoch_time: Mapped[datetime] = mapped_column(UtcDateTime)


class LogEntry(Base):
    """An entry of a log of ours. Its payload goes when it is erased; the chain holds without."""

    __tablename__ = "log_entries"
    __table_args__ = (
        Index("log_entries_by_subject", "channel", "subject"),
        Index(
            "log_entries_live",
            "channel",
            "epoch",
            "seq",
            sqlite_where=IS_LIVE,
            postgresql_where=IS_LIVE,
        ),
        Index("log_entries_by_time", "time"),
    )

    channel: Mapped[str] = mapped_column(String(60), primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hash: Mapped[str] = mapped_column(String(64))
    op: Mapped[str] = mapped_column(String(20))
    type: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(64))
    protected: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    sig: Mapped[bytes] = mapped_column(LargeBinary)
    # The newest word on its subject, and it still stands: a put, or an erasure that some have not receipted.
    is_live: Mapped[bool]
    version: Mapped[int] = mapped_column(default=0)  # of the notice that it tells of
    expire_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    time: Mapped[datetime] = mapped_column(UtcDateTime)


class HeardNotice(Base):
    """The newest version of a notice of ours that we have heard of, whether or not anything was said of it.

    Events come again and out of their order when a program dies in the middle: an older one must not
    bring back what a newer one has closed.
    """

    __tablename__ = "heard_notices"

    notice: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    # None: a release before this one heard of it.
    hear_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class Erasure(Base):
    """One partner that was asked to erase one thing, and its receipt."""

    __tablename__ = "erasures"
    __table_args__ = (Index("erasures_by_partner", "region", "create_time"),)

    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    channel: Mapped[str] = mapped_column(String(60), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    receipt_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)

    def receipted(self, *, at: datetime) -> None:
        """The partner signed that it is done."""
        self.receipt_time = self.receipt_time or at


class Snapshot(Base):
    """A snapshot that is being read: the numbers of its entries, so that its pages fit together."""

    __tablename__ = "snapshots"
    __table_args__ = (Index("snapshots_by_expire_time", "expire_time"),)

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    channel: Mapped[str] = mapped_column(String(60))
    epoch: Mapped[int] = mapped_column(BigInteger)
    manifest: Mapped[bytes] = mapped_column(LargeBinary)
    numbers: Mapped[list[int]] = mapped_column(JSON)
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime)
