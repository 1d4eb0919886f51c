"""Records on their way to a partner and from one. What they say is sealed, or not here at all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import UtcDateTime
from services.federation.columns import Base


class OutgoingRecord(Base):
    """A record that a region is to be told of, or to erase. Its words are fetched when it goes."""

    __tablename__ = "outgoing_records"
    __table_args__ = (Index("outgoing_records_due", "next_attempt_time"),)

    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    record: Mapped[str] = mapped_column(String(200), primary_key=True)
    revision: Mapped[int]  # grows with each word that it changed: what was fetched before is old
    is_erasure: Mapped[bool]
    attempts: Mapped[int]
    next_attempt_time: Mapped[datetime] = mapped_column(UtcDateTime)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)


class IncomingRecord(Base):
    """A sealed record that came and is not yet handed to its owner here."""

    __tablename__ = "incoming_records"
    __table_args__ = (
        Index("incoming_records_due", "next_attempt_time"),
        Index("incoming_records_by_subject", "subject"),
    )

    # The order of coming, which is kept for each subject.
    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True
    )
    origin: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(60))
    epoch: Mapped[int] = mapped_column(BigInteger)
    seq: Mapped[int] = mapped_column(BigInteger)
    op: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(64))
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    expire_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int]
    next_attempt_time: Mapped[datetime] = mapped_column(UtcDateTime)


class KnownRecord(Base):
    """What a subject's record is called at its origin: whoever erases by subject must know that."""

    __tablename__ = "known_records"
    __table_args__ = (Index("known_records_expiring", "expire_time"),)

    origin: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    channel: Mapped[str] = mapped_column(String(60))
    epoch: Mapped[int] = mapped_column(BigInteger)
    seq: Mapped[int] = mapped_column(BigInteger)
    record: Mapped[str] = mapped_column(String(200))
    expire_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
