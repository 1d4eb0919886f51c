"""A report: what somebody says is wrong with a notice, until an operator has looked or the notice is gone."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.columns import named
from chassis.database import UtcDateTime, new_id
from chassis.errors import FailedPrecondition
from chassis.names import format_name
from services.opportunities.columns import Base, resource
from services.opportunities.notices.models import Notice


class Reason(IntEnum):
    """What is wrong."""

    PERSONAL_DATA = 1
    MISLEADING = 2
    OFFENSIVE = 3
    ADVERTISING = 4
    OTHER = 5


class State(IntEnum):
    """What became of it."""

    OPEN = 1
    DISMISSED = 2
    NOTICE_CLOSED = 3


class NoticeReport(Base):
    """Seen by operators only."""

    __tablename__ = "notice_reports"
    __table_args__ = (
        Index("notice_reports_by_notice", "notice_id", "state"),
        Index("notice_reports_by_state", "state", "create_time", "id"),
        Index("notice_reports_oldest", "create_time", "id"),
        Index("notice_reports_by_reporter", "reporter"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    notice: Mapped[Notice] = relationship(lazy="joined", innerjoin=True)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notices.id"), init=False)
    reason: Mapped[Reason] = mapped_column(named(Reason))
    text: Mapped[str] = mapped_column(String(1000))
    # Empty: a visitor.
    reporter: Mapped[str] = mapped_column(resource())
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[State] = mapped_column(named(State), default=State.OPEN, init=False)
    note: Mapped[str] = mapped_column(String(500), default="", init=False)
    settle_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)

    @property
    def name(self) -> str:
        return format_name(self.notice.name, "reports", self.id)

    def dismiss(self, note: str, *, at: datetime) -> None:
        """The notice may stay."""
        self._settle(State.DISMISSED, at)
        self.note = note

    def close(self, *, at: datetime) -> None:
        """The notice is gone, for whatever reason."""
        self._settle(State.NOTICE_CLOSED, at)

    def forget_reporter(self) -> None:
        """Who reported is erased, and with them their words."""
        self.reporter = self.text = ""

    def _settle(self, state: State, at: datetime) -> None:
        if self.state is not State.OPEN:
            raise FailedPrecondition("NOT_OPEN", f"{self.name} is {self.state.name}, not OPEN")
        self.state, self.settle_time = state, at
