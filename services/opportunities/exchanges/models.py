"""An exchange: its terms, its signatures, its course and what people said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import IntEnum
from typing import Self
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.columns import PlaceType, named
from chassis.database import UtcDateTime, new_id
from chassis.errors import (
    AlreadyExists,
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    PermissionDenied,
)
from chassis.names import format_name
from chassis.places import Place
from services.opportunities.columns import Base, resource
from services.opportunities.exchanges.actions import ActionOutcome, ExchangeAction
from services.opportunities.exchanges.copies import AcrossRegions
from services.opportunities.exchanges.parties import HOST, Party, Role
from services.opportunities.notices.kinds import Attendance, Format
from services.opportunities.notices.models import Notice
from services.opportunities.organisations.models import Organisation


class State(IntEnum):
    """Where an exchange is in its life."""

    PROPOSED = 1
    AGREED = 2
    UNDER_WAY = 3
    COMPLETED = 4
    ENDED_EARLY = 5


class Payer(IntEnum):
    """Who bears the cost."""

    PAYER_UNSPECIFIED = 0
    HOST = 1
    HOME = 2
    SHARED = 3
    NOBODY = 4


OVER = (State.COMPLETED, State.ENDED_EARLY)


class Signatory(Base):
    """Who must sign, as what, and when they did."""

    __tablename__ = "signatories"

    exchange_id: Mapped[UUID] = mapped_column(
        ForeignKey("exchanges.id", ondelete="CASCADE"), primary_key=True, init=False
    )
    role: Mapped[Role] = mapped_column(named(Role), primary_key=True)
    person: Mapped[str] = mapped_column(resource(), index=True)
    sign_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)


class Feedback(Base):
    """What somebody said of an exchange afterwards."""

    __tablename__ = "feedback"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    exchange_id: Mapped[UUID] = mapped_column(
        ForeignKey("exchanges.id", ondelete="CASCADE"), init=False, index=True
    )
    role: Mapped[Role] = mapped_column(named(Role))
    person: Mapped[str] = mapped_column(resource(), index=True)
    rating: Mapped[int]
    text: Mapped[str] = mapped_column(String(4000))
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)


class Exchange(AcrossRegions, Base):
    """What two organisations agreed."""

    __tablename__ = "exchanges"
    __table_args__ = (
        Index("exchanges_newest", "create_time", "id"),
        Index("exchanges_by_host", "host_organisation", "create_time", "id"),
        Index("exchanges_by_visitor", "visiting_organisation", "create_time", "id"),
        Index("exchanges_by_state", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    notice: Mapped[Notice] = relationship(lazy="joined", innerjoin=True)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notices.id"), init=False)
    # One exchange an interest.
    interest_id: Mapped[UUID] = mapped_column(unique=True)
    format: Mapped[Format] = mapped_column(named(Format))
    host: Mapped[Organisation] = relationship(
        lazy="joined", innerjoin=True, foreign_keys=lambda: Exchange.__table__.c.host_organisation
    )
    visitor: Mapped[Organisation] = relationship(
        lazy="joined",
        innerjoin=True,
        foreign_keys=lambda: Exchange.__table__.c.visiting_organisation,
    )
    host_organisation: Mapped[str] = mapped_column(ForeignKey("organisations.name"), init=False)
    visiting_organisation: Mapped[str] = mapped_column(ForeignKey("organisations.name"), init=False)

    start_date: Mapped[date | None] = mapped_column(default=None)
    end_date: Mapped[date | None] = mapped_column(default=None)
    days_per_week: Mapped[float] = mapped_column(default=0.0)
    attendance: Mapped[Attendance] = mapped_column(
        named(Attendance), default=Attendance.ATTENDANCE_UNSPECIFIED
    )
    place: Mapped[Place | None] = mapped_column(PlaceType, default=None)
    payer: Mapped[Payer] = mapped_column(named(Payer), default=Payer.PAYER_UNSPECIFIED, init=False)
    payment_note: Mapped[str] = mapped_column(String(1000), default="", init=False)
    objectives: Mapped[list[str]] = mapped_column(JSON, default_factory=list, init=False)
    cover: Mapped[str] = mapped_column(String(1000), default="", init=False)

    signatories: Mapped[list[Signatory]] = relationship(
        lazy="selectin", cascade="all, delete-orphan"
    )
    feedback: Mapped[list[Feedback]] = relationship(
        lazy="selectin",
        order_by=Feedback.create_time,
        cascade="all, delete-orphan",
        default_factory=list,
        init=False,
    )
    state: Mapped[State] = mapped_column(named(State), default=State.PROPOSED, init=False)
    end_reason: Mapped[str] = mapped_column(String(1000), default="", init=False)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    agree_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    start_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    end_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1, init=False)
    actions: Mapped[list[ExchangeAction]] = relationship(
        lazy="selectin",
        order_by=ExchangeAction.create_time,
        cascade="all, delete-orphan",
        default_factory=list,
        init=False,
    )
    outcomes: Mapped[list[ActionOutcome]] = relationship(
        lazy="select",
        order_by=ActionOutcome.create_time,
        cascade="all, delete-orphan",
        default_factory=list,
        init=False,
    )

    @classmethod
    def propose(
        cls,
        notice: Notice,
        interest_id: UUID,
        host: Party,
        visitor: Party,
        *,
        at: datetime,
        follower: str = "",
    ) -> Self:
        """Terms as the notice has them, to be settled and signed by the people named and both managers."""
        exchange = cls(
            follower=follower,
            notice=notice,
            interest_id=interest_id,
            format=notice.format,
            host=host.organisation,
            visitor=visitor.organisation,
            start_date=notice.start_date,
            end_date=notice.end_date,
            days_per_week=notice.days_per_week,
            attendance=notice.attendance,
            place=notice.place,
            signatories=list(_signatories(host, visitor)),
            create_time=at,
            update_time=at,
        )
        exchange.notice_id = notice.id
        exchange.host_organisation = host.organisation.name
        exchange.visiting_organisation = visitor.organisation.name
        return exchange

    @property
    def name(self) -> str:
        return format_name("exchanges", self.id)

    def organisation_of(self, role: Role) -> Organisation:
        """For whom somebody takes part."""
        return self.host if role in HOST else self.visitor

    def is_ours(self, role: Role) -> bool:
        """Whether who takes part in this role is of this region."""
        return not self.organisation_of(role).region

    @property
    def interest_name(self) -> str:
        return format_name("notices", self.notice_id, "interests", self.interest_id)

    @property
    def is_open(self) -> bool:
        return self.state not in OVER

    def settle(self, terms: Mapping[str, object], *, at: datetime) -> bool:
        """Take new terms; whether any differs. Signatures were given to the old ones, so they go."""
        self._require(State.PROPOSED)
        changes = {key: value for key, value in terms.items() if getattr(self, key) != value}
        if not changes:
            return False
        for key, value in changes.items():
            setattr(self, key, value)
        self._check_dates()
        for signatory in self.signatories:
            signatory.sign_time = None
        self._touch(at)
        self.terms_version = self.version
        return True

    def sign(self, who: str, roles: set[Role], *, at: datetime) -> bool:
        """Sign in each of these roles; whether a signature was added. The last one makes it agreed."""
        mine = [each for each in self.signatories if each.role in roles]
        if not mine:
            raise PermissionDenied("NO_SIGNATORY", f"you don't sign {self.name}")
        missing = [each for each in mine if each.sign_time is None]
        if not missing and self.state in (State.PROPOSED, State.AGREED):
            return False
        self._require(State.PROPOSED)
        self._require_terms()
        for signatory in missing:
            signatory.person, signatory.sign_time = who, at
        if all(each.sign_time for each in self.signatories):
            self.state, self.agree_time = State.AGREED, at
        self._touch(at)
        return True

    def start(self, *, at: datetime) -> None:
        self._require(State.AGREED)
        self.state, self.start_time = State.UNDER_WAY, at
        self._touch(at)

    def complete(self, *, at: datetime) -> None:
        self._require(State.UNDER_WAY)
        self.state, self.end_time = State.COMPLETED, at
        self._touch(at)

    def end(self, reason: str, *, at: datetime) -> None:
        """End it before its time, or before it began."""
        self._require_here()
        if not self.is_open:
            raise FailedPrecondition("ALREADY_OVER", f"{self.name} is {self.state.name}")
        self.state, self.end_time, self.end_reason = State.ENDED_EARLY, at, reason
        self._touch(at)

    def give_feedback(self, who: str, role: Role, *, rating: int, text: str, at: datetime) -> None:
        self._require_here()
        if self.is_open:
            raise FailedPrecondition(
                "NOT_OVER", f"{self.name} is {self.state.name}: feedback comes when it is over"
            )
        if any(each.person == who for each in self.feedback):
            raise AlreadyExists("FEEDBACK_GIVEN", f"you have left feedback on {self.name} already")
        self.feedback.append(
            Feedback(role=role, person=who, rating=rating, text=text, create_time=at)
        )
        self._touch(at)

    def signatory(self, role: Role) -> Signatory | None:
        return next((each for each in self.signatories if each.role is role), None)

    def hand_over(self, role: Role, person: str, successor: str, *, at: datetime) -> None:
        """Let a successor sign for a manager who left; a signature that was given stays."""
        signatory = self.signatory(role)
        if signatory and signatory.person == person and signatory.sign_time is None:
            signatory.person = successor
            self._touch(at)

    def forget_partner(self, *, at: datetime) -> None:
        """Clear the people of the other region and their words."""
        for signatory in self.signatories:
            signatory.person = signatory.person if self.is_ours(signatory.role) else ""
        for feedback in self.feedback:
            if not self.is_ours(feedback.role):
                feedback.person = feedback.text = ""
        self.end_reason = ""
        self._touch(at)

    def forget(self, person: str, *, at: datetime) -> None:
        """Clear a person from the signatures and the feedback; ratings stay, for nobody's name is on them."""
        for signatory in self.signatories:
            signatory.person = "" if signatory.person == person else signatory.person
        for feedback in self.feedback:
            if feedback.person == person:
                feedback.person = feedback.text = ""
        self.actions[:] = [each for each in self.actions if each.person != person]
        self.end_reason = ""
        self._touch(at)

    def _require(self, state: State) -> None:
        self._require_here()
        if self.state is not state:
            raise FailedPrecondition(
                f"NOT_{state.name}", f"{self.name} is {self.state.name}, not {state.name}"
            )

    def _check_dates(self) -> None:
        if self.start_date and self.end_date and self.end_date < self.start_date:
            raise InvalidArgument(
                "END_BEFORE_START", "must not be before the first day", field="exchange.end_date"
            )

    def _require_terms(self) -> None:
        missing = [
            FieldViolation(f"exchange.{field}", "REQUIRED", "must be filled in before signing")
            for field in self.required_terms()
            if not getattr(self, field)
        ]
        if missing:
            names = ", ".join(each.field for each in missing)
            raise FailedPrecondition(
                "TERMS_INCOMPLETE", f"fill in before signing: {names}", violations=missing
            )

    def required_terms(self) -> list[str]:
        """What must be filled in; who covers the desk only when somebody leaves it."""
        fields = ["start_date", "end_date", "attendance", "payer", "objectives"]
        return [*fields, "cover"] if self.signatory(Role.VISITING_PERSON) else fields

    def _touch(self, at: datetime) -> None:
        self.version += 1
        self.update_time = at


def _signatories(host: Party, visitor: Party) -> Iterator[Signatory]:
    if host.person:
        yield Signatory(role=Role.HOST_PERSON, person=host.person)
    if visitor.person:
        yield Signatory(role=Role.VISITING_PERSON, person=visitor.person)
    yield Signatory(role=Role.HOST_MANAGER, person=host.manager)
    yield Signatory(role=Role.VISITING_MANAGER, person=visitor.manager)
