"""An appointment of a person as Interchange Manager of one organisation."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.database import UtcDateTime, new_id
from chassis.errors import FailedPrecondition
from chassis.names import format_name
from services.identity.columns import Base
from services.identity.organisations.models import Organisation
from services.identity.people.models import Person

IN_OFFICE = text("step_down_time IS NULL")


class Manager(Base):
    """Appointed, committed, stepped down: the past ones stay, for the record."""

    __tablename__ = "managers"
    __table_args__ = (
        Index(
            "managers_one_in_office",
            "organisation_id",
            "person_id",
            unique=True,
            sqlite_where=IN_OFFICE,
            postgresql_where=IN_OFFICE,
        ),
        Index("managers_by_person", "person_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), init=False)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), init=False)
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    appoint_time: Mapped[datetime] = mapped_column(UtcDateTime)
    commit_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    step_down_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)

    @property
    def name(self) -> str:
        return format_name(self.organisation.name, "managers", self.id)

    @property
    def public_email(self) -> str:
        """The address for the role; without one the person's own, made public by the role."""
        return self.contact_email or self.person.email

    def commit(self, *, at: datetime) -> None:
        self._require_in_office()
        if self.commit_time:
            raise FailedPrecondition("ALREADY_COMMITTED", f"{self.name} has committed already")
        self.commit_time = at

    def step_down(self, *, at: datetime) -> None:
        self._require_in_office()
        self.step_down_time = at

    def _require_in_office(self) -> None:
        if self.step_down_time:
            raise FailedPrecondition("NOT_IN_OFFICE", f"{self.name} has stepped down")
