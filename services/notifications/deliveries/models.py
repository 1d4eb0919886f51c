"""One mail and what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from uuid import UUID

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.columns import named
from chassis.database import UtcDateTime, new_id
from chassis.errors import FailedPrecondition
from chassis.names import format_name
from services.notifications.columns import Base, event, resource, template

QUEUED = text("state = 'QUEUED'")


class State(IntEnum):
    """Where a delivery is in its life."""

    QUEUED = 1
    SENT = 2
    FAILED = 3
    SKIPPED = 4


class Problem(IntEnum):
    """Why a delivery was not sent; numbers are those of the proto."""

    NONE = 0
    UNKNOWN_PERSON = 1
    UNCONFIRMED_ADDRESS = 2
    UNWANTED = 3
    NOTHING_LEFT = 4
    BAD_ADDRESS = 5
    REFUSED = 6
    REFUSED_FOR_NOW = 7
    SERVER_AWAY = 8
    NO_ENCRYPTION = 9
    NOT_ACCEPTED = 10
    REGISTER_AWAY = 11
    NOT_WRITTEN = 12


class Delivery(Base):
    """Whom a mail is for and how far it is. No address, no secret: both are asked for when it is sent."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("person", "event_id", "template", name="deliveries_once"),
        Index("deliveries_newest", "create_time", "id"),
        Index("deliveries_by_state", "state", "create_time", "id"),
        Index(
            "deliveries_due",
            "is_urgent",
            "next_attempt_time",
            postgresql_where=QUEUED,
            sqlite_where=QUEUED,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    person: Mapped[str] = mapped_column(resource())
    event_id: Mapped[str] = mapped_column(event())
    template: Mapped[str] = mapped_column(template())
    message_id: Mapped[UUID | None] = mapped_column(default=None)
    state: Mapped[State] = mapped_column(named(State), default=State.QUEUED)
    is_urgent: Mapped[bool]
    attempts: Mapped[int] = mapped_column(default=0, init=False)
    problem: Mapped[Problem] = mapped_column(named(Problem), default=Problem.NONE, init=False)
    error: Mapped[str] = mapped_column(String(300), default="", init=False)
    traceparent: Mapped[str] = mapped_column(String(55), default="")
    # Who has taken it, and until when it is theirs.
    lease: Mapped[UUID | None] = mapped_column(default=None, init=False)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    queue_time: Mapped[datetime] = mapped_column(UtcDateTime)  # retries are counted from here
    next_attempt_time: Mapped[datetime] = mapped_column(UtcDateTime)
    send_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)

    @property
    def name(self) -> str:
        return format_name("deliveries", self.id)

    def retry(self, *, at: datetime) -> None:
        """Back to the queue, with all the time that a new one has."""
        if self.state is not State.FAILED:
            raise FailedPrecondition(
                "NOT_FAILED", f"{self.name} is {self.state.name}: only failed ones are tried again"
            )
        self.state, self.problem, self.error = State.QUEUED, Problem.NONE, ""
        self.queue_time = self.next_attempt_time = at
