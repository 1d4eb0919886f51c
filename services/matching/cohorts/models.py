"""Cohorts, applications and pairing runs, and the rules that they keep."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Any, Self
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.columns import PlaceType, named
from chassis.database import UtcDateTime, new_id
from chassis.errors import FailedPrecondition, InvalidArgument
from chassis.names import format_name
from chassis.places import Place
from services.matching.columns import Base, resource
from services.matching.pairing.applicants import Side

LONGEST = timedelta(days=731)
IS_ACTIVE = text("state = 'ACTIVE'")


class State(IntEnum):
    """Where a cohort is in its life."""

    DRAFT = 1
    OPEN = 2
    PAIRING = 3
    PUBLISHED = 4
    CLOSED = 5


class Preset(IntEnum):
    """What a perfect pair is made of."""

    WEIGHTS_UNSPECIFIED = 0
    BALANCED = 1
    NEARBY = 2
    LEARNING = 3


class ApplicationState(IntEnum):
    """Whether somebody still takes part."""

    ACTIVE = 1
    WITHDRAWN = 2


class Settlement(IntEnum):
    """What was settled for two applicants before a run."""

    LOCKED = 1
    FORBIDDEN = 2
    APART = 3
    TOGETHER = 4


class RunState(IntEnum):
    """Whether people were told of a run."""

    READY = 1
    PUBLISHED = 2
    SUPERSEDED = 3


# Whom a cohort is for: settled once somebody may have applied.
AUDIENCE = frozenset({"first_side", "second_side"})


class Cohort(Base):
    """A round in which applicants are paired."""

    __tablename__ = "cohorts"
    __table_args__ = (Index("cohorts_newest", "create_time", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    display_name: Mapped[str] = mapped_column(String(120), init=False)
    description: Mapped[str] = mapped_column(Text, default="", init=False)
    first_side: Mapped[list[int]] = mapped_column(JSON, default_factory=list, init=False)
    second_side: Mapped[list[int]] = mapped_column(JSON, default_factory=list, init=False)
    first_day: Mapped[date] = mapped_column(init=False)
    last_day: Mapped[date] = mapped_column(init=False)
    common_days: Mapped[int] = mapped_column(default=1, init=False)
    grade_gap: Mapped[int] = mapped_column(default=1, init=False)
    organisation_quota: Mapped[int] = mapped_column(default=0, init=False)
    organisation_quotas: Mapped[dict[str, int]] = mapped_column(
        JSON, default_factory=dict, init=False
    )
    weights: Mapped[Preset] = mapped_column(named(Preset), default=Preset.BALANCED, init=False)
    state: Mapped[State] = mapped_column(named(State), default=State.DRAFT, init=False)
    published_run_id: Mapped[UUID | None] = mapped_column(default=None, init=False)
    runs: Mapped[int] = mapped_column(default=0, init=False)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1, init=False)

    @classmethod
    def draft(cls, content: Mapping[str, Any], *, at: datetime) -> Self:
        """`content` gives values by attribute."""
        cohort = cls(create_time=at, update_time=at)
        cohort._write(content)
        return cohort

    @property
    def name(self) -> str:
        return format_name("cohorts", self.id)

    @property
    def is_public(self) -> bool:
        return self.state is not State.DRAFT

    @property
    def is_open(self) -> bool:
        return self.state is State.OPEN

    def side_of(self, sector: int) -> Side:
        """Where somebody from this sector stands."""
        if not self.first_side:
            return Side.POOL
        if sector in self.first_side:
            return Side.FIRST
        return Side.SECOND if sector in self.second_side else Side.NEITHER

    def revise(self, content: Mapping[str, Any], *, at: datetime) -> None:
        """Take over what differs."""
        changes = {key: value for key, value in content.items() if getattr(self, key) != value}
        if self.state is State.CLOSED:
            raise FailedPrecondition("COHORT_CLOSED", f"{self.name} is closed")
        if changes.keys() & AUDIENCE and self.state is not State.DRAFT:
            raise FailedPrecondition(
                "AUDIENCE_SETTLED", "whom it is for can't be changed once it is open"
            )
        if changes:
            self._write(changes)
            self._touch(at)

    def open(self, *, at: datetime) -> None:
        self._go(State.OPEN, at, State.DRAFT)

    def start_pairing(self, *, at: datetime) -> None:
        self._go(State.PAIRING, at, State.OPEN)

    def close(self, *, at: datetime) -> None:
        self._go(State.CLOSED, at, State.OPEN, State.PAIRING, State.PUBLISHED)

    def publish(self, run: PairingRun, *, at: datetime) -> None:
        self.require_pairing()
        self.state, self.published_run_id = State.PUBLISHED, run.id
        self._touch(at)

    def number_run(self) -> int:
        """The next run's number."""
        self.require_pairing()
        self.runs += 1
        return self.runs

    def require_open(self) -> None:
        if not self.is_open:
            raise FailedPrecondition("NOT_OPEN", f"{self.name} does not take applications now")

    def require_pairing(self) -> None:
        if self.state not in (State.PAIRING, State.PUBLISHED):
            raise FailedPrecondition(
                "NOT_PAIRING", f"{self.name} is {self.state.name}: end its applications first"
            )

    def _go(self, to: State, at: datetime, *allowed: State) -> None:
        if self.state not in allowed:
            raise FailedPrecondition(
                f"NOT_{allowed[0].name}", f"{self.name} is {self.state.name}, not {allowed[0].name}"
            )
        self.state = to
        self._touch(at)

    def _touch(self, at: datetime) -> None:
        self.update_time = at
        self.version += 1

    def _write(self, content: Mapping[str, Any]) -> None:
        for key, value in content.items():
            setattr(self, key, value)
        if self.last_day < self.first_day:
            _refuse("LAST_BEFORE_FIRST", "must not be before the first day", "last_day")
        if self.last_day - self.first_day > LONGEST:
            _refuse("TOO_LONG", "must be at most two years after the first day", "last_day")
        if bool(self.first_side) is not bool(self.second_side):
            missing = "second_side" if self.first_side else "first_side"
            _refuse("SIDE_MISSING", "must name a sector, or none on both sides", missing)
        if set(self.first_side) & set(self.second_side):
            _refuse("SIDE_TWICE", "must not name a sector of the first side", "second_side")


def _refuse(reason: str, text: str, field: str) -> None:
    raise InvalidArgument(reason, text, field=f"cohort.{field}")


class Application(Base):
    """Somebody who would like to be paired. Their name is identity's to say."""

    __tablename__ = "applications"
    __table_args__ = (
        Index(
            "applications_once",
            "cohort_id",
            "person",
            unique=True,
            postgresql_where=IS_ACTIVE,
            sqlite_where=IS_ACTIVE,
        ),
        Index("applications_by_person", "person"),
        Index("applications_by_organisation", "organisation"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id"))
    person: Mapped[str] = mapped_column(resource())
    organisation: Mapped[str] = mapped_column(resource())
    side: Mapped[Side] = mapped_column(named(Side))
    grade: Mapped[int]
    wants: Mapped[list[str]] = mapped_column(JSON)
    offers: Mapped[list[str]] = mapped_column(JSON)
    place: Mapped[Place | None] = mapped_column(PlaceType)
    travel_miles: Mapped[int]
    is_remote_welcome: Mapped[bool]
    days: Mapped[list[list[str]]] = mapped_column(JSON)
    conflicts: Mapped[list[str]] = mapped_column(JSON)
    consent_text_version: Mapped[str] = mapped_column(String(50))
    applied_by: Mapped[str] = mapped_column(resource())
    state: Mapped[ApplicationState] = mapped_column(
        named(ApplicationState), default=ApplicationState.ACTIVE, init=False
    )
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def cohort(self) -> str:
        return format_name("cohorts", self.cohort_id)

    @property
    def name(self) -> str:
        return application_name(self.cohort_id, self.id)

    @property
    def is_active(self) -> bool:
        return self.state is ApplicationState.ACTIVE

    def withdraw(self, *, at: datetime) -> None:
        if not self.is_active:
            raise FailedPrecondition("ALREADY_WITHDRAWN", f"{self.name} was taken back before")
        self.state, self.update_time = ApplicationState.WITHDRAWN, at

    def move(self, organisation: str, *, at: datetime) -> None:
        """They work for somebody else now. On which side they applied stays."""
        self.organisation, self.update_time = organisation, at


def application_name(cohort: UUID, application: UUID) -> str:
    return format_name("cohorts", cohort, "applications", application)


class SettledPair(Base):
    """What was settled for two applicants: their ids in order, so that there is one row for the two."""

    __tablename__ = "settled_pairs"

    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id"), primary_key=True)
    one_id: Mapped[UUID] = mapped_column(primary_key=True)
    other_id: Mapped[UUID] = mapped_column(primary_key=True)
    settlement: Mapped[Settlement] = mapped_column(named(Settlement))
    settle_time: Mapped[datetime] = mapped_column(UtcDateTime)


class PairingRun(Base):
    """One answer, and what it was asked: `inputs` holds applications by id, without people."""

    __tablename__ = "pairing_runs"
    __table_args__ = (Index("pairing_runs_of_cohort", "cohort_id", "number", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id"))
    number: Mapped[int]
    state: Mapped[RunState] = mapped_column(named(RunState), default=RunState.READY, init=False)
    inputs: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    applicants: Mapped[int]
    possible_pairs: Mapped[int]
    pairs: Mapped[int]
    kept_pairs: Mapped[int]
    worst_points: Mapped[int]
    total_points: Mapped[int]
    is_proved: Mapped[bool]
    is_restricted: Mapped[bool]
    keeps_published: Mapped[bool]
    cpu_seconds: Mapped[float]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    publish_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)

    @property
    def name(self) -> str:
        return format_name("cohorts", self.cohort_id, "pairingRuns", self.id)

    def publish(self, *, at: datetime) -> None:
        if self.state is not RunState.READY:
            raise FailedPrecondition("ALREADY_PUBLISHED", f"{self.name} was published before")
        self.state, self.publish_time = RunState.PUBLISHED, at

    def supersede(self) -> None:
        self.state = RunState.SUPERSEDED


class FoundPair(Base):
    """A pair of a run. Positions count from the worst."""

    __tablename__ = "found_pairs"
    __table_args__ = (
        Index("found_pairs_by_one", "one_id"),
        Index("found_pairs_by_other", "other_id"),
    )

    run_id: Mapped[UUID] = mapped_column(ForeignKey("pairing_runs.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    one_id: Mapped[UUID]
    other_id: Mapped[UUID]
    points: Mapped[int]
    terms: Mapped[dict[str, int]] = mapped_column(JSON)
    miles: Mapped[float | None]
    is_locked: Mapped[bool]
    is_kept: Mapped[bool]


class LeftUnpaired(Base):
    """Somebody whom a run found no partner for."""

    __tablename__ = "left_unpaired"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("pairing_runs.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[UUID]
    why: Mapped[int]
    excluded: Mapped[dict[str, int]] = mapped_column(JSON)
    change: Mapped[int]  # 0: none of those tried helps
    amount: Mapped[int]
