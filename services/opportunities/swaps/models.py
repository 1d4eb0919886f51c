"""A swap: who goes where, who has agreed, and what is left when somebody drops out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Self
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.columns import named
from chassis.database import UtcDateTime, new_id
from chassis.errors import FailedPrecondition, InvalidArgument
from chassis.names import format_name
from services.opportunities.columns import Base, resource
from services.opportunities.notices.kinds import Visibility
from services.opportunities.notices.models import Notice
from services.opportunities.swaps.forming import Formation

AGREE_FOR = timedelta(days=14)  # when nobody says how long
AGREE_AT_LEAST = timedelta(hours=1)
AGREE_AT_MOST = timedelta(days=60)


class State(IntEnum):
    """Where a swap is in its life."""

    PROPOSED = 1
    AGREED = 2
    UNDER_WAY = 3
    COMPLETED = 4
    DEGRADED = 5
    LAPSED = 6


# While it can fall apart, and keeps its notices from taking part in another.
PENDING = (State.PROPOSED, State.AGREED)


class SwapPart(Base):
    """One notice's part: whose post its holder takes, and whether its organisation has agreed."""

    __tablename__ = "swap_parts"

    swap_id: Mapped[UUID] = mapped_column(
        ForeignKey("swaps.id", ondelete="CASCADE"), primary_key=True, init=False
    )
    notice: Mapped[Notice] = relationship(lazy="joined", innerjoin=True)
    notice_id: Mapped[UUID] = mapped_column(
        ForeignKey("notices.id"), primary_key=True, init=False, index=True
    )
    number: Mapped[int]
    # By notice; None: its organisation hosts, and needs nothing back.
    goes_to: Mapped[UUID | None]
    agreed_by: Mapped[str] = mapped_column(resource(), default="", init=False, index=True)
    agree_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    has_left: Mapped[bool] = mapped_column(default=False, init=False)
    # What its leg has become; None: all have not agreed yet, or it has no leg.
    exchange_id: Mapped[UUID | None] = mapped_column(default=None, init=False, index=True)

    @property
    def organisation(self) -> str:
        return self.notice.organisation


class Swap(Base):
    """Legs that all begin or none."""

    __tablename__ = "swaps"
    __table_args__ = (
        Index("swaps_newest", "create_time", "id"),
        Index("swaps_by_deadline", "state", "agree_by_time"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    parts: Mapped[list[SwapPart]] = relationship(
        lazy="selectin", order_by=SwapPart.number, cascade="all, delete-orphan"
    )
    # Shorter rings and chains among its members, best first: each a list of legs, each two ids of notices.
    shorter: Mapped[list[list[list[str]]]] = mapped_column(JSON)
    proposer: Mapped[str] = mapped_column(resource(), index=True)
    agree_by_time: Mapped[datetime] = mapped_column(UtcDateTime)
    predecessor: Mapped[UUID | None] = mapped_column(default=None)
    successor: Mapped[UUID | None] = mapped_column(default=None, init=False)
    state: Mapped[State] = mapped_column(named(State), default=State.PROPOSED, init=False)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    agree_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    begin_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    end_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1, init=False)

    @classmethod
    def propose(
        cls,
        formation: Formation,
        notices: Sequence[Notice],
        shorter: Sequence[Formation],
        *,
        proposer: str,
        at: datetime,
        agree_by_time: datetime | None = None,
        predecessor: UUID | None = None,
    ) -> Self:
        """Ask everybody. `notices` are the formation's members, in any order; `shorter` among them, best first."""
        _check_deadline(agree_by_time, at)
        goes_to = dict(formation.legs)
        by_id = {notice.id: notice for notice in notices}
        swap = cls(
            parts=[
                SwapPart(notice=by_id[each], number=number, goes_to=goes_to.get(each))
                for number, each in enumerate(formation.members)
            ],
            shorter=[[[*map(str, leg)] for leg in each.legs] for each in shorter],
            proposer=proposer,
            agree_by_time=agree_by_time or at + AGREE_FOR,
            predecessor=predecessor,
            create_time=at,
            update_time=at,
        )
        for part in swap.parts:
            part.notice_id = part.notice.id
        swap._check_notices()
        return swap

    @property
    def name(self) -> str:
        return format_name("swaps", self.id)

    @property
    def is_pending(self) -> bool:
        return self.state in PENDING

    @property
    def organisations(self) -> set[str]:
        return {part.organisation for part in self.parts}

    @property
    def people(self) -> set[str]:
        """On whose behalf its notices are."""
        return {part.notice.beneficiary for part in self.parts if part.notice.beneficiary}

    @property
    def legs(self) -> list[tuple[SwapPart, SwapPart]]:
        """Who goes, and where: around the ring from the first host, or along the chain."""
        by_id = {part.notice_id: part for part in self.parts}
        legs = [(part, by_id[part.goes_to]) for part in self.parts if part.goes_to]
        return sorted(legs, key=lambda leg: leg[1].number)

    @property
    def exchanges(self) -> list[UUID]:
        return [part.exchange_id for part in self.parts if part.exchange_id]

    def days(self, visitor: SwapPart, host: SwapPart) -> tuple[date | None, date | None]:
        """When this leg can be: while all are away, or, in a chain that nobody spans, while the two are."""
        everybody = _together([part.notice for part in self.parts])
        first, last = everybody
        if first and last and last < first:
            return _together([visitor.notice, host.notice])
        return everybody

    def agree(self, organisations: Collection[str], *, by: str, at: datetime) -> bool:
        """Agree for all parts of these; whether that is news. The last one makes it agreed."""
        self._require(State.PROPOSED)
        mine = [part for part in self.parts if part.organisation in organisations]
        new = [part for part in mine if part.agree_time is None]
        for part in new:
            part.notice.require_published()
            part.notice.require_consent("", part.notice.region, at=at)
            part.notice.require_place()
            part.agreed_by, part.agree_time = by, at
        if all(part.agree_time for part in self.parts):
            self.state, self.agree_time = State.AGREED, at
        if new:
            self._touch(at)
        return bool(new)

    def reconsider(self, notice: UUID, *, at: datetime) -> bool:
        """Take a part's agreement back, which went with its person's consent; whether there was one."""
        part = next(each for each in self.parts if each.notice_id == notice)
        if self.state is not State.PROPOSED or part.agree_time is None:
            return False
        part.agreed_by, part.agree_time = "", None
        self._touch(at)
        return True

    def begin(self, *, at: datetime) -> None:
        self._require(State.AGREED)
        self.state, self.begin_time = State.UNDER_WAY, at
        self._touch(at)

    def complete(self, *, at: datetime) -> None:
        self._require(State.UNDER_WAY)
        self.state, self.end_time = State.COMPLETED, at
        self._touch(at)

    def fall_apart(self, leaving: Collection[UUID], *, at: datetime) -> None:
        """Go without these notices: it lapses, until something shorter succeeds it."""
        if not self.is_pending:
            raise FailedPrecondition("HAS_BEGUN", f"{self.name} is {self.state.name}")
        for part in self.parts:
            part.has_left = part.notice_id in leaving
        self.state, self.end_time = State.LAPSED, at
        self._touch(at)

    def succeeded_by(self, swap: Swap) -> None:
        """Degrade to a shorter one."""
        self.state, self.successor = State.DEGRADED, swap.id

    def _check_notices(self) -> None:
        for part in self.parts:
            _check_notice(part.notice, is_host_only=part.goes_to is None)
        for visitor, host in self.legs:
            self._check_leg(visitor, host)

    def _check_leg(self, visitor: SwapPart, host: SwapPart) -> None:
        if visitor.organisation == host.organisation:
            raise _wrong("SAME_ORGANISATION", "must each go to another organisation")
        first, last = self.days(visitor, host)
        if first and last and last < first:
            raise _wrong("DATES_APART", "must have days in common")

    def _require(self, state: State) -> None:
        if self.state is not state:
            raise FailedPrecondition(
                f"NOT_{state.name}", f"{self.name} is {self.state.name}, not {state.name}"
            )

    def _touch(self, at: datetime) -> None:
        self.version += 1
        self.update_time = at


def _check_notice(notice: Notice, *, is_host_only: bool) -> None:
    notice.require_ours()
    notice.require_published()
    notice.require_place()
    wishes = notice.swap_wishes
    if wishes is None or notice.visibility is Visibility.ORGANISATION:
        raise _wrong("NOT_UP_FOR_SWAP", f"must be of posts that are up for a swap: {notice.name}")
    if wishes.needs_nothing_back is not is_host_only:
        raise _wrong("WRONG_END", "begin a chain, and only a chain, with who needs nothing back")


def _check_deadline(end: datetime | None, at: datetime) -> None:
    if end and not at + AGREE_AT_LEAST <= end <= at + AGREE_AT_MOST:
        raise InvalidArgument(
            "BAD_AGREE_BY_TIME",
            f"must be between one hour and {AGREE_AT_MOST.days} days ahead",
            field="swap.agree_by_time",
        )


def _together(notices: Sequence[Notice]) -> tuple[date | None, date | None]:
    """From the latest first day to the earliest last one; None where all are flexible."""
    firsts = [notice.start_date for notice in notices if notice.start_date]
    lasts = [notice.end_date for notice in notices if notice.end_date]
    return max(firsts, default=None), min(lasts, default=None)


def _wrong(code: str, text: str) -> InvalidArgument:
    return InvalidArgument(code, text, field="swap.legs")
