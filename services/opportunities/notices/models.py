"""A notice, from draft to closed, and the rules that it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Protocol, Self
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.columns import PlaceType, named
from chassis.database import UtcDateTime, new_id
from chassis.errors import FailedPrecondition, InvalidArgument
from chassis.names import format_name
from chassis.places import Place
from services.opportunities.columns import Base, resource
from services.opportunities.consent import Consent, Consenting, consent_missing
from services.opportunities.notices.conditions import Conditions, ConditionsType
from services.opportunities.notices.kinds import (
    Attendance,
    Closing,
    Format,
    Kind,
    State,
    Visibility,
)
from services.opportunities.notices.wishes import SwapWishes, WishesType
from services.opportunities.organisations.models import Organisation, Sector

OPEN_FOR = timedelta(days=90)  # when nobody says how long
OPEN_AT_MOST = timedelta(days=366)
TOLD_AHEAD = timedelta(days=7)

# What a copy takes over: the content, without dates, people and consent.
COPIED = [
    "kind",
    "format",
    "title",
    "body",
    "themes",
    "skills",
    "grade_bands",
    "place",
    "attendance",
    "days_per_week",
    "visibility",
    "swap_wishes",
    "conditions",
]
# What others read of it: who has confirmed that it holds no personal data, has confirmed these.
TEXTS = {"title", "body", "themes", "skills", "place"}


class Listed(Protocol):
    """What a listing reads of a notice, before it knows whether it must read more."""

    @property
    def id(self) -> UUID: ...
    @property
    def version(self) -> int: ...
    @property
    def owner_version(self) -> int: ...
    @property
    def organisation(self) -> str: ...
    @property
    def beneficiary(self) -> str: ...


class Notice(Consenting, Base):
    """What an organisation wants, needs or offers."""

    __tablename__ = "notices"
    __table_args__ = (
        Index("notices_newest", "create_time", "id"),
        Index("notices_by_state", "state", "create_time", "id"),
        Index("notices_by_kind", "state", "kind", "create_time", "id"),
        Index("notices_by_format", "state", "format", "create_time", "id"),
        Index("notices_by_organisation", "organisation", "create_time", "id"),
        Index("notices_by_close_time", "state", "close_time"),
        Index("notices_by_author", "author"),
        Index("notices_by_manager", "manager"),
        Index("notices_by_beneficiary", "beneficiary"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    owner: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    organisation: Mapped[str] = mapped_column(ForeignKey("organisations.name"), init=False)
    region: Mapped[str] = mapped_column(String(40))

    kind: Mapped[Kind] = mapped_column(named(Kind), init=False)
    format: Mapped[Format] = mapped_column(named(Format), init=False)
    title: Mapped[str] = mapped_column(String(120), init=False)
    body: Mapped[str] = mapped_column(Text, init=False)
    themes: Mapped[list[str]] = mapped_column(JSON, default_factory=list, init=False)
    skills: Mapped[list[str]] = mapped_column(JSON, default_factory=list, init=False)
    grade_bands: Mapped[list[int]] = mapped_column(JSON, default_factory=list, init=False)
    place: Mapped[Place | None] = mapped_column(PlaceType, default=None, init=False)
    attendance: Mapped[Attendance] = mapped_column(
        named(Attendance), default=Attendance.IN_PERSON, init=False
    )
    start_date: Mapped[date | None] = mapped_column(default=None, init=False)
    end_date: Mapped[date | None] = mapped_column(default=None, init=False)
    days_per_week: Mapped[float] = mapped_column(default=0.0, init=False)
    visibility: Mapped[Visibility] = mapped_column(
        named(Visibility), default=Visibility.REGION, init=False
    )
    # None: it takes part in no swap of several.
    swap_wishes: Mapped[SwapWishes | None] = mapped_column(WishesType, default=None, init=False)
    conditions: Mapped[Conditions | None] = mapped_column(ConditionsType, default=None, init=False)
    places_taken: Mapped[int] = mapped_column(default=0, server_default="0", init=False)

    author: Mapped[str] = mapped_column(resource())
    manager: Mapped[str] = mapped_column(resource())
    beneficiary: Mapped[str] = mapped_column(resource(), default="", init=False)
    # No foreign key: a request may be erased, and a copy outlives what it was copied from.
    request_id: Mapped[UUID | None] = mapped_column(default=None)
    copied_from: Mapped[UUID | None] = mapped_column(default=None)

    state: Mapped[State] = mapped_column(named(State), default=State.DRAFT, init=False)
    closing_reason: Mapped[Closing] = mapped_column(
        named(Closing), default=Closing.CLOSING_REASON_UNSPECIFIED, init=False
    )
    closing_note: Mapped[str] = mapped_column(String(1000), default="", init=False)
    # What is to be changed, of a draft that was given back.
    review_note: Mapped[str] = mapped_column(String(1000), default="", init=False)
    close_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    is_end_told: Mapped[bool] = mapped_column(default=False, init=False)
    # Its name in the region that owns it; empty: it is ours, not a copy.
    origin_notice: Mapped[str] = mapped_column(String(200), default="")
    # Who said that the present texts hold no personal data though they look so, and when.
    impersonal_by: Mapped[str] = mapped_column(resource(), default="", init=False)
    impersonal_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    publish_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1, init=False)

    @classmethod
    def draft(
        cls,
        owner: Organisation,
        content: Mapping[str, object],
        *,
        region: str,
        author: str,
        manager: str,
        at: datetime,
        request_id: UUID | None = None,
        copied_from: UUID | None = None,
    ) -> Self:
        """A new draft. `content` gives values by attribute; kind, format, title and body must be there."""
        notice = cls(
            owner=owner,
            region=region,
            author=author,
            manager=manager,
            request_id=request_id,
            copied_from=copied_from,
            create_time=at,
            update_time=at,
        )
        notice.organisation = owner.name
        notice._write(content, at)
        return notice

    @classmethod
    def copy_of(
        cls, owner: Organisation, origin_notice: str, *, notice_id: UUID, region: str, at: datetime
    ) -> Self:
        """A copy of a partner region's notice, empty until it follows."""
        notice = cls(
            id=notice_id,
            owner=owner,
            region=region,
            author="",
            manager="",
            origin_notice=origin_notice,
            create_time=at,
            update_time=at,
        )
        notice.organisation = owner.name
        notice.version = 0
        return notice

    @property
    def name(self) -> str:
        return format_name("notices", self.id)

    @property
    def is_copy(self) -> bool:
        """Whether a partner region owns it: nothing here changes but what its owner says."""
        return bool(self.origin_notice)

    @property
    def display_name(self) -> str:
        return self.owner.display_name

    @property
    def owner_version(self) -> int:
        """Of the organisation, whose name and sector it shows."""
        return self.owner.version

    @property
    def sector(self) -> Sector:
        return self.owner.sector

    @property
    def is_open(self) -> bool:
        return self.state is not State.CLOSED

    @property
    def has_places(self) -> bool:
        """Whether only so many interests can be accepted."""
        return bool(self.conditions and self.conditions.places)

    def follow(
        self, content: Mapping[str, object], *, publish_time: datetime, at: datetime
    ) -> None:
        """Be as its owner says that it is: published, with these values. Its end is its owner's to name."""
        for key, value in content.items():
            setattr(self, key, value)
        self.visibility = Visibility.NETWORK
        self.state, self.closing_reason = State.PUBLISHED, Closing.CLOSING_REASON_UNSPECIFIED
        self.close_time = min(self.close_time or at + OPEN_AT_MOST, at + OPEN_AT_MOST)
        # A time to come would put it before all others for as long as its region likes.
        self.publish_time = self.create_time = min(publish_time, at)
        self._touch(at)

    def vanish(self, reason: Closing, *, at: datetime) -> bool:
        """Be gone, as its owner says or its time has come; whether it was there."""
        if self.state is State.CLOSED:
            return False
        self._close(reason, at)
        return True

    def erase(self, *, at: datetime) -> None:
        """Keep none of what its owner once said."""
        self.title = self.body = "Erased"
        self.themes, self.skills, self.grade_bands, self.place = [], [], [], None
        self.conditions, self.places_taken = None, 0
        self._touch(at)

    def revise(self, content: Mapping[str, object], *, at: datetime) -> bool:
        """Take new values; whether any differs. A new beneficiary has not consented to anything yet."""
        self._require_open()
        changes = {key: value for key, value in content.items() if getattr(self, key) != value}
        if not changes:
            return False
        if "kind" in changes and self.state is State.PUBLISHED:
            raise FailedPrecondition("KIND_IS_FIXED", f"{self.name} is published: copy it instead")
        if "beneficiary" in changes:
            self.consent = None
        if TEXTS & changes.keys():
            self.impersonal_by, self.impersonal_time = "", None
        self._write(changes, at)
        self._touch(at)
        return True

    def submit(self, *, at: datetime) -> None:
        self.require_ours()
        if self.state is not State.DRAFT:
            raise FailedPrecondition("NOT_DRAFT", f"{self.name} is {self.state.name}, not DRAFT")
        self.state, self.review_note = State.IN_REVIEW, ""
        self._touch(at)

    def give_back(self, note: str, *, at: datetime) -> None:
        """Let who answers for it change something before it is published."""
        self._require_in_review()
        self.state, self.review_note = State.DRAFT, note
        self._touch(at)

    def publish(self, *, at: datetime) -> None:
        self._require_in_review()
        self.owner.require_verified()
        if self.close_time and self.close_time <= at:
            raise FailedPrecondition(
                "CLOSE_TIME_PAST", "its closing time has passed: set a later one"
            )
        self.state, self.publish_time = State.PUBLISHED, at
        self.close_time = self.close_time or at + OPEN_FOR
        self.is_end_told = (
            self.close_time <= at + TOLD_AHEAD
        )  # no news to who has just published it
        self._touch(at)

    def withdraw(self, note: str, *, at: datetime) -> None:
        self._require_open()
        self.closing_note = note
        self._close(Closing.WITHDRAWN, at)

    def close(self, reason: Closing, *, at: datetime, note: str = "") -> None:
        """Close a published notice as FILLED, EXPIRED or REMOVED, which must say why."""
        self._require_open()
        self.require_published()
        if reason is Closing.REMOVED and not note.strip():
            raise InvalidArgument("NOTE_NEEDED", "must say why it is removed", field="note")
        self.closing_note = note
        self._close(reason, at)

    def confirm_impersonal(self, by: str, *, at: datetime) -> None:
        """Somebody says that its texts hold no personal data. It holds until they change."""
        self.impersonal_by, self.impersonal_time = by, at

    @property
    def texts(self) -> dict[str, str]:
        """What others read of it, by field."""
        return {
            "notice.title": self.title,
            "notice.body": self.body,
            "notice.themes": "\n".join(self.themes),
            "notice.skills": "\n".join(self.skills),
            "notice.place": self.place.label if self.place else "",
        }

    @property
    def needs_lint(self) -> bool:
        """Whether other regions are to read texts of which nobody has said that they are impersonal."""
        leaves = self.visibility is Visibility.NETWORK and self.state is not State.DRAFT
        return leaves and self.impersonal_time is None

    def require_place(self) -> None:
        if self.conditions and 0 < self.conditions.places <= self.places_taken:
            raise FailedPrecondition(
                "NO_PLACE_LEFT", f"{self.name} has no place left: {self.places_taken} are given"
            )

    def take_place(self, *, at: datetime) -> bool:
        """Give a place to whoever is accepted; whether that is a change that others see."""
        self.require_place()
        self.places_taken += 1
        if self.has_places:
            self._touch(at)
        return self.has_places

    def free_place(self, *, at: datetime) -> bool:
        """Take a place back that was given for nothing; whether that is a change that others see."""
        self.places_taken = max(self.places_taken - 1, 0)  # swaps of before gave none
        is_seen = self.has_places and self.is_open
        if is_seen:
            self._touch(at)
        return is_seen

    def announce_end(self) -> None:
        """Note that its managers are told of its end, so that they are told once. No change that others see."""
        self.is_end_told = True

    def record_consent(self, consent: Consent | None, *, at: datetime) -> None:
        """The beneficiary's consent, or None when they take it back."""
        self._require_open()
        if not self.beneficiary:
            raise FailedPrecondition(
                "NO_BENEFICIARY", f"{self.name} names no beneficiary who could consent"
            )
        self.consent = consent
        self._touch(at)

    def require_consent(self, *regions: str, at: datetime) -> None:
        """Refuse to introduce the beneficiary to people of these regions unless they have consented to one of them."""
        if self.beneficiary and not (self.consent and self.consent.permits(*regions, at=at)):
            abroad = next(iter(regions), "") if len(regions) == 1 else ""
            raise consent_missing("beneficiary", self.name, abroad)

    def assign(self, manager: str, *, at: datetime) -> None:
        """Let somebody else answer for it; empty: nobody, until a manager is appointed."""
        self.manager = manager
        self._touch(at)

    def forget_beneficiary(self, *, at: datetime) -> None:
        """Clear who it was for; also the text, when it is their own or was never checked for their name."""
        if self.request_id or self.publish_time is None:
            self.title, self.body = "Erased", "The person whose words stood here was erased."
            self.request_id = None
        self.beneficiary, self.consent = "", None
        self.closing_note = self.review_note = ""
        self._touch(at)

    def require_ours(self) -> None:
        if self.is_copy:
            raise FailedPrecondition(
                "OWNED_ELSEWHERE",
                f"{self.name} belongs to the region {self.region}: only there can it be changed",
                region=self.region,
            )

    def require_published(self) -> None:
        if self.state is not State.PUBLISHED:
            raise FailedPrecondition(
                "NOT_PUBLISHED", f"{self.name} is {self.state.name}, not PUBLISHED"
            )

    def _require_in_review(self) -> None:
        if self.state is not State.IN_REVIEW:
            raise FailedPrecondition(
                "NOT_IN_REVIEW", f"{self.name} is {self.state.name}, not IN_REVIEW"
            )

    def _require_open(self) -> None:
        self.require_ours()
        if self.state is State.CLOSED:
            raise FailedPrecondition(
                "NOTICE_CLOSED", f"{self.name} is closed and stays so: copy it instead"
            )

    def _close(self, reason: Closing, at: datetime) -> None:
        self.state, self.closing_reason, self.close_time = State.CLOSED, reason, at
        self._touch(at)

    def _write(self, content: Mapping[str, object], at: datetime) -> None:
        for key, value in content.items():
            setattr(self, key, value)
        if self.start_date and self.end_date and self.end_date < self.start_date:
            raise InvalidArgument(
                "END_BEFORE_START", "must not be before the first day", field="notice.end_date"
            )
        if self.swap_wishes and (self.kind, self.format) != (Kind.OFFERED, Format.SWAP):
            raise InvalidArgument(
                "NOT_A_SWAP",
                "goes with a post that is put up for a swap: kind OFFERED, format SWAP",
                field="notice.swap_wishes",
            )
        if self.conditions:
            self.conditions.check(skills=self.skills, taken=self.places_taken)
        if "close_time" in content:
            self._check_close_time(at)

    def _check_close_time(self, at: datetime) -> None:
        self.is_end_told = False
        if self.close_time is None:
            if self.state is State.PUBLISHED:
                self.close_time = at + OPEN_FOR
            return
        if not at < self.close_time <= at + OPEN_AT_MOST:
            raise InvalidArgument(
                "BAD_CLOSE_TIME",
                f"must be later than now, at most {OPEN_AT_MOST.days} days ahead",
                field="notice.close_time",
            )

    def _touch(self, at: datetime) -> None:
        self.version += 1
        self.update_time = at
