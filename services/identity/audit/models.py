"""An entry of the audit log, and the head that says where the log ends."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import UtcDateTime
from chassis.names import format_name
from services.identity.columns import Base

HEAD = 1  # the only row's key


class Entry(Base):
    """One privileged act. Never changed, never deleted."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("audit_entries_by_actor", "actor", "sequence"),
        Index("audit_entries_by_subject", "subject", "sequence"),
        Index("audit_entries_by_action", "action", "sequence"),
    )

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(200))
    detail: Mapped[str] = mapped_column(String(500))
    hash: Mapped[str] = mapped_column(String(64))

    @property
    def name(self) -> str:
        return format_name("auditEntries", str(self.sequence))


class Head(Base):
    """How many entries there are and the newest one's hash: without it nobody would miss the last ones."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entries: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
