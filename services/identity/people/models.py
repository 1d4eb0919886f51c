"""A person: a member of one organisation at a time, with a record that moves with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple, Self
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.columns import named
from chassis.database import UtcDateTime, new_id
from chassis.errors import AlreadyExists, FailedPrecondition, InvalidArgument
from services.identity import naming
from services.identity.columns import Base, Rows
from services.identity.folding import folded


class State(IntEnum):
    """Whether they are a member yet."""

    PENDING = 1
    ACTIVE = 2


class GradeBand(IntEnum):
    """How senior they are."""

    GRADE_BAND_UNSPECIFIED = 0
    FRONT_LINE = 1
    OFFICER = 2
    MIDDLE = 3
    SENIOR = 4
    EXECUTIVE = 5
    ELECTED_MEMBER = 6


class Skill(NamedTuple):
    """A skill somebody has or wants: numbers are those of the proto."""

    skill: str
    level: int
    stance: int


class Employment(NamedTuple):
    """Time with a former employer: the organisation's name, moments in ISO 8601."""

    organisation: str
    job_title: str
    start: str
    end: str


def normalised(email: str) -> str:
    """An address as it is stored and compared."""
    return email.strip().lower()


class Person(Base):
    """Somebody who takes part."""

    __tablename__ = "people"
    __table_args__ = (
        Index("people_by_organisation", "organisation_id", "id"),
        Index("people_by_requested", "requested_organisation_id", "id"),
        Index("people_by_state", "state", "id"),
        Index("people_unconfirmed", "state", "create_time"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    display_name: Mapped[str] = mapped_column(String(100), init=False)
    search_name: Mapped[str] = mapped_column(Text, init=False)
    email: Mapped[str] = mapped_column(String(254), unique=True, init=False)
    email_confirm_time: Mapped[datetime | None] = mapped_column(
        UtcDateTime, default=None, init=False
    )
    # Operators may have none.
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))
    job_title: Mapped[str] = mapped_column(String(100), default="", init=False)
    start_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    former_employments: Mapped[tuple[Employment, ...]] = mapped_column(
        Rows(Employment), default=(), init=False
    )
    requested_organisation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("organisations.id"), default=None, init=False
    )
    requested_job_title: Mapped[str] = mapped_column(String(100), default="", init=False)
    requested_email: Mapped[str] = mapped_column(String(254), default="", init=False)
    grade_band: Mapped[GradeBand] = mapped_column(
        named(GradeBand), default=GradeBand.GRADE_BAND_UNSPECIFIED, init=False
    )
    skills: Mapped[tuple[Skill, ...]] = mapped_column(Rows(Skill), default=(), init=False)
    commissioner: Mapped[bool] = mapped_column(default=False, init=False)
    # By its number in the proto; 0: not said. What a manager has seen, so it does not move along.
    vetting_held: Mapped[int] = mapped_column(default=0, server_default="0", init=False)
    language: Mapped[str] = mapped_column(String(2), default="", init=False)
    is_operator: Mapped[bool] = mapped_column(default=False, init=False)
    is_coordinator: Mapped[bool] = mapped_column(default=False, init=False)
    state: Mapped[State] = mapped_column(named(State), default=State.PENDING, init=False)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1, init=False)

    @classmethod
    def register(
        cls, content: Mapping[str, object], organisation_id: UUID | None, *, at: datetime
    ) -> Self:
        """Somebody who waits for approval. `content` gives values by attribute, display_name and email too."""
        person = cls(organisation_id=organisation_id, create_time=at)
        person._write(content)
        return person

    @classmethod
    def add(
        cls, content: Mapping[str, object], organisation_id: UUID | None, *, at: datetime
    ) -> Self:
        """A member at once."""
        person = cls.register(content, organisation_id, at=at)
        person._begin_membership(at)
        return person

    @property
    def name(self) -> str:
        return naming.person_name(self.id)

    @property
    def organisation(self) -> str:
        """Where they work, or say that they do."""
        return naming.organisation_name(self.organisation_id)

    @property
    def requested_organisation(self) -> str:
        return naming.organisation_name(self.requested_organisation_id)

    @property
    def membership(self) -> str:
        """The organisation that they are a member of; empty while they wait for approval."""
        return self.organisation if self.is_member else ""

    @property
    def is_member(self) -> bool:
        return self.state is State.ACTIVE

    @property
    def is_confirmed(self) -> bool:
        return self.email_confirm_time is not None

    @property
    def is_unheard_of(self) -> bool:
        """Registered by somebody who has not shown yet that the address is theirs."""
        return not self.is_member and not self.is_confirmed

    @property
    def roles(self) -> frozenset[str]:
        held = {"operator": self.is_operator, "coordinator": self.is_coordinator}
        return frozenset(role for role, is_held in held.items() if is_held)

    def revise(self, content: Mapping[str, object]) -> bool:
        """Take over what differs; whether anything did. A new address is not confirmed."""
        changes = {key: value for key, value in content.items() if getattr(self, key) != value}
        if not changes:
            return False
        self._write(changes)
        self.version += 1
        return True

    def confirm_email(self, *, at: datetime) -> bool:
        """Whether this is news."""
        if self.is_confirmed:
            return False
        self.email_confirm_time = at
        self.version += 1
        return True

    def approve(self, *, at: datetime) -> None:
        """Let in who registered."""
        if self.is_member:
            raise FailedPrecondition(
                "NOTHING_TO_APPROVE", f"{self.name} is a member and has asked for nothing"
            )
        self._begin_membership(at)
        self.version += 1

    def appoint_operator(self) -> None:
        self.is_operator = True
        self.version += 1

    def appoint_coordinator(self) -> None:
        """Let them run programmes. Only a member who is known can be trusted with what people apply with."""
        if not self.is_member:
            raise FailedPrecondition("NOT_A_MEMBER", f"{self.name} is not a member yet")
        if self.is_coordinator:
            raise AlreadyExists(
                "ALREADY_COORDINATOR", f"{self.name} coordinates programmes already"
            )
        self.is_coordinator = True
        self.version += 1

    def dismiss_coordinator(self) -> None:
        if not self.is_coordinator:
            raise FailedPrecondition("NO_COORDINATOR", f"{self.name} coordinates no programmes")
        self.is_coordinator = False
        self.version += 1

    def ask_to_move(self, organisation_id: UUID, job_title: str, email: str) -> None:
        """Note where they want to work; who waits for approval waits there from now on."""
        self._require_other(organisation_id)
        if self.is_member:
            self.requested_organisation_id = organisation_id
            self.requested_job_title, self.requested_email = job_title, email
        else:
            self.organisation_id, self.job_title = organisation_id, job_title
        self.version += 1

    def move(self, organisation_id: UUID, job_title: str, *, at: datetime) -> None:
        """Begin at another organisation; the time at the one before stays on record."""
        self._require_other(organisation_id)
        if self.is_member and self.start_time and self.organisation_id:
            times = self.start_time.isoformat(), at.isoformat()
            ended = Employment(self.organisation, self.job_title, *times)
            self.former_employments = (*self.former_employments, ended)
        self.organisation_id, self.job_title = organisation_id, job_title
        self.vetting_held = 0
        self.requested_organisation_id = None
        self.requested_job_title = self.requested_email = ""
        self._begin_membership(at)
        self.version += 1

    def _begin_membership(self, at: datetime) -> None:
        self.state, self.start_time = State.ACTIVE, at

    def _require_other(self, organisation_id: UUID) -> None:
        if self.organisation_id == organisation_id:
            raise FailedPrecondition(
                "SAME_EMPLOYER", f"{self.name} belongs to this organisation already"
            )

    def _write(self, content: Mapping[str, object]) -> None:
        for key, value in content.items():
            setattr(self, key, value)
        if "display_name" in content:
            self.search_name = folded(self.display_name)
        if "email" in content:
            self.email_confirm_time = None
        _require_distinct(self.skills)


def _require_distinct(skills: tuple[Skill, ...]) -> None:
    if len({(each.skill, each.stance) for each in skills}) < len(skills):
        raise InvalidArgument(
            "DUPLICATE_SKILL", "each skill at most once in each stance", field="person.skills"
        )
