"""An interest: somebody's answer to a notice, from proposed to decided."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import Self
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.columns import named
from chassis.database import UtcDateTime, new_id
from chassis.errors import FailedPrecondition, PermissionDenied
from chassis.names import format_name
from services.opportunities.columns import Base, resource
from services.opportunities.consent import Consent, Consenting, consent_missing
from services.opportunities.notices.models import Notice
from services.opportunities.organisations.models import Organisation


class State(IntEnum):
    """Where an interest is in its life."""

    PROPOSED = 1
    ENDORSED = 2
    ACCEPTED = 3
    DECLINED = 4
    WITHDRAWN = 5


OPEN = (State.PROPOSED, State.ENDORSED)
IS_OPEN = text("state IN ('PROPOSED', 'ENDORSED')")


class Interest(Consenting, Base):
    """What an organisation, or a person of it, answers to a notice."""

    __tablename__ = "interests"
    __table_args__ = (
        Index(
            "interests_one_open",
            "notice_id",
            "organisation",
            "participant",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
        Index("interests_by_notice", "notice_id", "create_time", "id"),
        Index("interests_by_organisation", "organisation", "create_time", "id"),
        Index("interests_by_notice_organisation", "notice_organisation", "create_time", "id"),
        Index("interests_newest", "create_time", "id"),
        Index("interests_by_participant", "participant"),
        Index("interests_by_proposer", "proposer"),
        Index("interests_by_manager", "manager"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    notice: Mapped[Notice] = relationship(lazy="joined", innerjoin=True)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notices.id"), init=False)
    notice_organisation: Mapped[str] = mapped_column(resource(), init=False)
    owner: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    organisation: Mapped[str] = mapped_column(ForeignKey("organisations.name"), init=False)
    proposer: Mapped[str] = mapped_column(resource())
    # Who answers for it at the interested organisation; empty: nobody yet.
    manager: Mapped[str] = mapped_column(resource())
    # Whether a manager of the interested organisation stands behind it.
    is_vouched: Mapped[bool]
    participant: Mapped[str] = mapped_column(resource(), default="")
    offered_notice: Mapped[UUID | None] = mapped_column(default=None)
    message: Mapped[str] = mapped_column(String(2000), default="")
    state: Mapped[State] = mapped_column(named(State), default=State.PROPOSED, init=False)
    decline_reason: Mapped[str] = mapped_column(String(1000), default="", init=False)
    exchange_id: Mapped[UUID | None] = mapped_column(default=None, init=False)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    endorse_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    decide_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    version: Mapped[int] = mapped_column(default=1, init=False)
    # The partner region of the interested organisation; empty: ours.
    region: Mapped[str] = mapped_column(String(40), default="")
    # Its name in the other region, once that is known; empty: no other region is concerned.
    origin_interest: Mapped[str] = mapped_column(String(200), default="")
    # Whether the notice's region is, or is about to be, told of it.
    is_told: Mapped[bool] = mapped_column(default=False, init=False)
    # Code of a decision that the service took, such as NOTICE_GONE; empty: a manager decided.
    reason_code: Mapped[str] = mapped_column(String(50), default="", init=False)

    @classmethod
    def propose(
        cls,
        notice: Notice,
        owner: Organisation,
        *,
        proposer: str,
        manager: str,
        is_vouched: bool,
        participant: str,
        at: datetime,
        offered_notice: UUID | None = None,
        message: str = "",
    ) -> Self:
        """A new answer to a published notice of another organisation, by a manager or a person for themselves."""
        notice.require_published()
        owner.require_verified()
        if owner.name == notice.organisation:
            raise FailedPrecondition(
                "OWN_NOTICE", f"{notice.name} is your own organisation's: others answer it"
            )
        interest = cls(
            notice=notice,
            owner=owner,
            proposer=proposer,
            manager=manager,
            is_vouched=is_vouched,
            participant=participant,
            offered_notice=offered_notice,
            message=message,
            create_time=at,
        )
        interest.notice_id, interest.notice_organisation = notice.id, notice.organisation
        interest.organisation = owner.name
        return interest

    @classmethod
    def of_partner(
        cls,
        notice: Notice,
        owner: Organisation,
        *,
        interest_id: UUID,
        region: str,
        origin_interest: str,
        at: datetime,
    ) -> Self:
        """An answer from a partner region, empty until it follows: its own manager stands behind it."""
        interest = cls(
            id=interest_id,
            notice=notice,
            owner=owner,
            proposer="",
            manager="",
            is_vouched=True,
            region=region,
            origin_interest=origin_interest,
            create_time=at,
        )
        interest.notice_id, interest.notice_organisation = notice.id, notice.organisation
        interest.organisation = owner.name
        return interest

    @property
    def name(self) -> str:
        return format_name("notices", self.notice_id, "interests", self.id)

    @property
    def notice_region(self) -> str:
        """The partner region that owns the notice; empty: ours."""
        return self.notice.region if self.notice.is_copy else ""

    @property
    def other_region(self) -> str:
        """The partner region on the other side; empty: both sides are ours."""
        return self.region or self.notice_region

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def may_travel(self, *, at: datetime) -> bool:
        """Whether the notice's region may be told: its side stands behind it, and who is named consents."""
        is_alive = self.is_open or self.state is State.ACCEPTED
        return is_alive and not self.waits_for(at=at)

    def waits_for(self, *, at: datetime) -> str:
        """Why it may not leave for the notice's region, in words; empty when it may, or need not."""
        if not self.notice_region:
            return ""
        if not self.is_vouched:
            return "It waits for a manager of its own organisation to endorse it."
        if self.participant and not _permits(self.consent, self.notice_region, at=at):
            return (
                f"It waits for the participant's consent to be introduced in {self.notice_region}: "
                f"record it with POST /v1/{self.name}:setConsent and recipient_region "
                f'"{self.notice_region}".'
            )
        return ""

    def follow_proposal(
        self, *, manager: str, participant: str, consent: Consent | None, message: str
    ) -> None:
        """Be as its own region says, until it is decided here. What was taken back may be put again."""
        if self.state is State.WITHDRAWN:
            self.state, self.decide_time, self.decline_reason = State.PROPOSED, None, ""
        self.manager, self.participant, self.consent = manager, participant, consent
        self.message = message
        self._touch()

    def follow_decision(
        self, state: State, *, reason: str, code: str, exchange_id: UUID | None, at: datetime
    ) -> bool:
        """Be as the notice's region decided; whether that is news. What was taken back here stays so.

        Also what it had decided otherwise: it may have been restored from a backup, and decides again.
        """
        if self.state is State.WITHDRAWN or not (self.is_open or self.is_told):
            return False
        if (state, exchange_id) == (self.state, self.exchange_id):
            return False
        if state is State.ENDORSED:
            self.state, self.endorse_time, self.decide_time = state, at, None
            self.decline_reason, self.reason_code, self.exchange_id = "", "", None
            self._touch()
            return True
        self.decline_reason, self.reason_code = reason, code
        self.exchange_id = exchange_id
        self._decide(state, at)
        return True

    def endorse(self, *, by: str, own_side: bool, at: datetime) -> None:
        """Stand behind it. What a person proposed by themselves needs their own side's manager."""
        if self.state is not State.PROPOSED:
            raise FailedPrecondition(
                "NOT_PROPOSED", f"{self.name} is {self.state.name}, not PROPOSED"
            )
        if not self.is_vouched and not own_side:
            raise PermissionDenied(
                "OWN_MANAGER_FIRST", f"{self.name} waits for a manager of {self.organisation}"
            )
        if own_side and not self.is_vouched:
            self.manager, self.is_vouched = by, True
        if self.waits_for(at=at):
            raise FailedPrecondition("CONSENT_MISSING", self.waits_for(at=at), name=self.name)
        self.state, self.endorse_time = State.ENDORSED, at
        self._touch()

    def accept(self, exchange_id: UUID, *, at: datetime) -> None:
        """Introduce the two sides. Everyone who is named must have consented."""
        self.notice.require_ours()
        if self.state is not State.ENDORSED:
            raise FailedPrecondition(
                "NOT_ENDORSED", f"{self.name} is {self.state.name}, not ENDORSED"
            )
        self.notice.require_published()
        self._require_consents(at)
        self.exchange_id = exchange_id
        self._decide(State.ACCEPTED, at)

    def decline(self, reason: str, *, at: datetime, code: str = "") -> None:
        """Say no; the code is given when the service does so."""
        self._require_undecided()
        if self.state is State.ENDORSED:
            self.notice.require_ours()
        self.decline_reason, self.reason_code = reason, code
        self._decide(State.DECLINED, at)

    def lapse(self, reason: str, *, code: str, at: datetime) -> None:
        """Come to nothing because the notice, or its region, is gone: nobody there decides on it any more."""
        self._require_undecided()
        self.decline_reason, self.reason_code, self.is_told = reason, code, False
        self._decide(State.DECLINED, at)

    def withdraw(self, *, at: datetime, reason: str = "") -> None:
        """Take it back; the reason is given when the service does so."""
        self._require_undecided()
        self.decline_reason = reason
        self._decide(State.WITHDRAWN, at)

    def record_consent(self, consent: Consent | None) -> None:
        """The participant's consent, or None when they take it back, which they can until acceptance."""
        self._require_undecided()
        self.require_ours()
        if not self.participant:
            raise FailedPrecondition(
                "NO_PARTICIPANT", f"{self.name} names no participant who could consent"
            )
        self.consent = consent
        self._touch()

    def assign(self, manager: str) -> None:
        """Let somebody else answer for it; empty: nobody, until a manager is appointed."""
        self.manager = manager
        self._touch()

    def forget(self, person: str) -> None:
        """Clear a person, and the words that they wrote or that may be about them."""
        if self.participant == person:
            self.participant, self.consent = "", None
            self.message = self.decline_reason = ""
        if self.proposer == person:
            self.proposer = self.message = ""
        if self.manager == person:
            self.manager = ""
        self._touch()

    def forget_partner(self) -> None:
        """Clear all that its own region said of people, and their words."""
        self.participant = self.manager = self.message = self.decline_reason = ""
        self.consent = None
        self._touch()

    def require_ours(self) -> None:
        """Refuse to do for a partner region's organisation what only that can do."""
        if self.region:
            raise FailedPrecondition(
                "OWNED_ELSEWHERE",
                f"{self.name} was made in the region {self.region}: only there can that be done",
                region=self.region,
            )

    def _require_undecided(self) -> None:
        if not self.is_open:
            raise FailedPrecondition(
                "ALREADY_DECIDED", f"{self.name} is {self.state.name}: that can't be changed"
            )

    def _require_consents(self, at: datetime) -> None:
        ours = ("", self.notice.region)
        self.notice.require_consent(*((self.region,) if self.region else ours), at=at)
        if self.participant and not _permits(self.consent, *ours, at=at):
            raise consent_missing("participant", self.name)

    def _decide(self, state: State, at: datetime) -> None:
        self.state, self.decide_time = state, at
        self._touch()

    def _touch(self) -> None:
        self.version += 1


def _permits(consent: Consent | None, *regions: str, at: datetime) -> bool:
    return consent is not None and consent.permits(*regions, at=at)
