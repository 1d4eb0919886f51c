"""What an exchange is beyond a border: in one of two regions it lives, in the other it is a copy that follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, MappedAsDataclass, mapped_column

from chassis.errors import FailedPrecondition
from services.opportunities.exchanges.actions import (
    ActionOutcome,
    ActionState,
    ExchangeAction,
    Verb,
)


class AcrossRegions(MappedAsDataclass, kw_only=True):
    """Columns of where it lives and who follows, and what the two sides do with that."""

    if TYPE_CHECKING:  # what the exchange itself has
        id: Mapped[UUID]
        actions: Mapped[list[ExchangeAction]]
        outcomes: Mapped[list[ActionOutcome]]
        version: Mapped[int]

        @property
        def name(self) -> str: ...
        @property
        def is_open(self) -> bool: ...
        def _touch(self, at: datetime) -> None: ...

    # The partner region where it lives; empty: here, and this is no copy.
    region: Mapped[str] = mapped_column(String(40), default="")
    # Its name there.
    origin_exchange: Mapped[str] = mapped_column(String(200), default="")
    # Its version there, by which those here say what they have seen.
    origin_version: Mapped[int] = mapped_column(default=0, init=False)
    # The partner region that follows a copy of it; empty: none.
    follower: Mapped[str] = mapped_column(String(40), default="")
    # The version with which the present terms came: signatures are given to these.
    terms_version: Mapped[int] = mapped_column(default=0, init=False)

    def become_copy(self, exchange_id: UUID, *, region: str, origin_exchange: str) -> None:
        """Be a copy of what lives in a partner region; before it is added."""
        self.id, self.region, self.origin_exchange = exchange_id, region, origin_exchange

    @property
    def is_copy(self) -> bool:
        """Whether it lives in a partner region: what is done to it here is sent there."""
        return bool(self.region)

    @property
    def partner_region(self) -> str:
        """The partner region that takes part; empty: both sides are ours."""
        return self.region or self.follower

    def require_terms_seen(self, version: int) -> None:
        """Refuse what somebody did who had not seen these terms, or saw later ones that a backup does not hold."""
        if not self.terms_version <= version <= self.version:
            raise FailedPrecondition(
                "TERMS_CHANGED", f"the terms of {self.name} have changed: read them again"
            )

    def act(self, action: ExchangeAction) -> bool:
        """Keep what was done here until its region answers; whether it does not wait there already."""
        if not self.is_open and action.verb not in (Verb.END, Verb.GIVE_FEEDBACK):
            raise FailedPrecondition("ALREADY_OVER", f"{self.name} is over")
        # What was refused before has been seen by now.
        self.actions[:] = [
            each
            for each in self.actions
            if each.person != action.person or each.state is ActionState.WAITING
        ]
        if any(each.verb is action.verb and each.person == action.person for each in self.actions):
            return False
        self.actions.append(action)
        self._touch(action.create_time)
        return True

    def answered(self, action_id: UUID, refusal: str, detail: str) -> ExchangeAction | None:
        """Its region has done, or refused, what was done here; the action, if it is refused now.

        An answer that was heard before changes nothing.
        """
        waiting = (each for each in self.actions if each.state is ActionState.WAITING)
        action = next((each for each in waiting if each.id == action_id), None)
        if action is None:
            return None
        if not refusal:
            self.actions.remove(action)
            return None
        action.refuse(refusal, detail)
        return action

    def note_outcome(self, outcome: ActionOutcome, *, at: datetime) -> None:
        """Remember what became of a partner's action, for its region to be told."""
        self.outcomes.append(outcome)
        self._touch(at)

    def follow(self, values: Mapping[str, object], *, version: int, at: datetime) -> None:
        """Be as its own region says. Signatures and feedback are values, too."""
        for key, value in values.items():
            setattr(self, key, value)
        self.origin_version = version
        self._touch(at)

    def _require_here(self) -> None:
        if self.is_copy:
            raise FailedPrecondition(
                "OWNED_ELSEWHERE",
                f"{self.name} lives in the region {self.region}: what is done here is sent there",
                region=self.region,
            )
