"""Saved searches, the alerts that wait or were sent, and starred notices."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from uuid import UUID

from interchange.matching.v1.matching_pb2 import SearchNoticesRequest
from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.columns import named
from chassis.database import UtcDateTime, new_id
from chassis.names import format_name
from services.matching.columns import Base, resource

WAITS = text("send_time IS NULL")


class Alerts(IntEnum):
    """How soon a person is told of what a search finds."""

    ALERTS_UNSPECIFIED = 0
    INSTANT = 1
    DAILY = 2
    WEEKLY = 3
    OFF = 4


class SavedSearch(Base):
    """A search that a person keeps."""

    __tablename__ = "saved_searches"
    __table_args__ = (
        Index("saved_searches_by_person", "person", "id"),
        Index("saved_searches_by_alerts", "alerts"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    person: Mapped[str] = mapped_column(resource())
    display_name: Mapped[str] = mapped_column(String(120))
    search: Mapped[bytes] = mapped_column(LargeBinary)  # a SearchNoticesRequest
    alerts: Mapped[Alerts] = mapped_column(named(Alerts))
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    alert_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    version: Mapped[int] = mapped_column(default=1, init=False)

    @property
    def name(self) -> str:
        return format_name("savedSearches", self.id)

    @property
    def question(self) -> SearchNoticesRequest:
        return SearchNoticesRequest.FromString(self.search)


class Alert(Base):
    """A notice that a search found: one row for the two, so that nobody is told twice.

    A notice that changes is not told again; one that a change made fit is told then.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        Index("alerts_waiting", "due_time", postgresql_where=WAITS, sqlite_where=WAITS),
        Index("alerts_by_notice", "notice"),
        Index("alerts_by_person", "person"),
    )

    search_id: Mapped[UUID] = mapped_column(
        ForeignKey("saved_searches.id", ondelete="CASCADE"), primary_key=True
    )
    notice: Mapped[str] = mapped_column(resource(), primary_key=True)
    version: Mapped[int]
    person: Mapped[str] = mapped_column(resource())
    title: Mapped[str] = mapped_column(String(120))
    due_time: Mapped[datetime] = mapped_column(UtcDateTime)
    send_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class Favourite(Base):
    """A star on a notice."""

    __tablename__ = "favourites"
    __table_args__ = (Index("favourites_newest", "person", "star_time", "notice"),)

    person: Mapped[str] = mapped_column(resource(), primary_key=True)
    notice: Mapped[str] = mapped_column(resource(), primary_key=True)
    star_time: Mapped[datetime] = mapped_column(UtcDateTime)
