"""A message in somebody's inbox, and what it asks for until that is dealt with."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import UtcDateTime, new_id
from chassis.names import format_name
from services.notifications.columns import Base, event, resource, template

UNREAD = text("read_time IS NULL")
WAITS = text("waits_for_digest")


class Message(Base):
    """Something a person was told. One event tells one person a thing once."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("person", "event_id", "template", name="messages_once"),
        Index("messages_newest", "person", "create_time", "id"),
        Index("messages_unread", "person", postgresql_where=UNREAD, sqlite_where=UNREAD),
        Index("messages_waiting", "person", postgresql_where=WAITS, sqlite_where=WAITS),
        Index("messages_by_age", "create_time"),
        Index("messages_by_digest", "digest_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    person: Mapped[str] = mapped_column(resource())
    event_id: Mapped[str] = mapped_column(event())
    template: Mapped[str] = mapped_column(template())
    language: Mapped[str] = mapped_column(String(5))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    about: Mapped[str] = mapped_column(resource())
    action_needed: Mapped[bool]
    waits_for_digest: Mapped[bool]
    digest_id: Mapped[UUID | None] = mapped_column(default=None, init=False)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    read_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    settle_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)

    @property
    def name(self) -> str:
        return format_name("messages", self.id)

    @property
    def waits(self) -> bool:
        """Whether its reader has something to do that nobody has dealt with."""
        return self.action_needed and self.settle_time is None

    def mark_read(self, *, at: datetime) -> None:
        """The first time counts."""
        self.read_time = self.read_time or at


class Ask(Base):
    """What a message asks for, as long as nobody has dealt with it."""

    __tablename__ = "asks"
    __table_args__ = (Index("asks_by_about", "about"),)

    message_id: Mapped[UUID] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True
    )
    person: Mapped[str] = mapped_column(resource())
    event_id: Mapped[str] = mapped_column(event())
    template: Mapped[str] = mapped_column(template())
    about: Mapped[str] = mapped_column(resource())
