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
from services.opportunities.consent import Consent, Consenting
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

    @property
    def name(self) -> str:
        return format_name("notices", self.notice_id, "interests", self.id)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

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
        self.state, self.endorse_time = State.ENDORSED, at
        self._touch()

    def accept(self, exchange_id: UUID, *, at: datetime) -> None:
        """Introduce the two sides. Everyone who is named must have consented."""
        if self.state is not State.ENDORSED:
            raise FailedPrecondition(
                "NOT_ENDORSED", f"{self.name} is {self.state.name}, not ENDORSED"
            )
        self.notice.require_published()
        self._require_consents()
        self.exchange_id = exchange_id
        self._decide(State.ACCEPTED, at)

    def decline(self, reason: str, *, at: datetime) -> None:
        self._require_undecided()
        self.decline_reason = reason
        self._decide(State.DECLINED, at)

    def withdraw(self, *, at: datetime, reason: str = "") -> None:
        """Take it back; the reason is given when the service does so."""
        self._require_undecided()
        self.decline_reason = reason
        self._decide(State.WITHDRAWN, at)

    def record_consent(self, consent: Consent | None) -> None:
        """The participant's consent, or None when they take it back, which they can until acceptance."""
        self._require_undecided()
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

    def _require_undecided(self) -> None:
        if not self.is_open:
            raise FailedPrecondition(
                "ALREADY_DECIDED", f"{self.name} is {self.state.name}: that can't be changed"
            )

    def _require_consents(self) -> None:
        notice = self.notice
        if notice.beneficiary and notice.consent is None:
            raise _consent_missing("beneficiary", notice.name)
        if self.participant and self.consent is None:
            raise _consent_missing("participant", self.name)

    def _decide(self, state: State, at: datetime) -> None:
        self.state, self.decide_time = state, at
        self._touch()

    def _touch(self) -> None:
        self.version += 1


def _consent_missing(whose: str, name: str) -> FailedPrecondition:
    return FailedPrecondition(
        "CONSENT_MISSING",
        f"the {whose} has not consented to be introduced: they or their manager record it "
        f"with POST /v1/{name}:setConsent",
        whose=whose,
        name=name,
    )
