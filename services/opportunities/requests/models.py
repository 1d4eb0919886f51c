"""What a person asks of their manager, until it is answered."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from uuid import UUID

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.columns import named
from chassis.database import UtcDateTime, new_id
from chassis.errors import FailedPrecondition
from chassis.names import format_name
from services.opportunities.columns import Base, resource
from services.opportunities.consent import Consenting
from services.opportunities.notices.kinds import Format


class State(IntEnum):
    """Where a request is in its life."""

    OPEN = 1
    ANSWERED = 2
    DECLINED = 3
    WITHDRAWN = 4


class Request(Consenting, Base):
    """Private to the person and the managers of their organisation."""

    __tablename__ = "requests"
    __table_args__ = (
        Index("requests_newest", "create_time", "id"),
        Index("requests_by_person", "person", "create_time", "id"),
        Index("requests_by_organisation", "organisation", "create_time", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    person: Mapped[str] = mapped_column(resource())
    organisation: Mapped[str] = mapped_column(resource())
    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    format: Mapped[Format | None] = mapped_column(named(Format), default=None)
    themes: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    skills: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    state: Mapped[State] = mapped_column(named(State), default=State.OPEN, init=False)
    decline_reason: Mapped[str] = mapped_column(String(1000), default="", init=False)
    notice_id: Mapped[UUID | None] = mapped_column(default=None, init=False)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1, init=False)

    @property
    def name(self) -> str:
        return format_name("requests", self.id)

    @property
    def is_open(self) -> bool:
        return self.state is State.OPEN

    def require_open(self) -> None:
        if not self.is_open:
            raise FailedPrecondition("NOT_OPEN", f"{self.name} is {self.state.name}, not OPEN")

    def answer(self, notice_id: UUID, *, at: datetime) -> None:
        """A notice was drafted from it."""
        self._decide(State.ANSWERED, at)
        self.notice_id = notice_id

    def decline(self, reason: str, *, at: datetime) -> None:
        self._decide(State.DECLINED, at)
        self.decline_reason = reason

    def withdraw(self, *, at: datetime) -> None:
        self._decide(State.WITHDRAWN, at)

    def _decide(self, state: State, at: datetime) -> None:
        self.require_open()
        self.state, self.update_time = state, at
        self.version += 1
