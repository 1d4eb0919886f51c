"""What is done in one region to an exchange that lives in another, and what became of that."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.columns import named
from chassis.database import UtcDateTime, new_id
from services.opportunities.columns import Base, resource


class Verb(IntEnum):
    """What somebody does to an exchange."""

    SIGN = 1
    SETTLE = 2
    START = 3
    COMPLETE = 4
    END = 5
    GIVE_FEEDBACK = 6


class ActionState(IntEnum):
    """What is to become of an action."""

    WAITING = 1
    REFUSED = 2


class ExchangeAction(Base):
    """What somebody here did to an exchange that lives elsewhere, until its region answers."""

    __tablename__ = "exchange_actions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    exchange_id: Mapped[UUID] = mapped_column(
        ForeignKey("exchanges.id", ondelete="CASCADE"), init=False, index=True
    )
    verb: Mapped[Verb] = mapped_column(named(Verb))
    # Who did it; empty: the service.
    person: Mapped[str] = mapped_column(resource(), index=True)
    # An ExchangeActionRecord without its actor, whose name is looked up when it is sent.
    content: Mapped[bytes] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[ActionState] = mapped_column(
        named(ActionState), default=ActionState.WAITING, init=False
    )
    refusal: Mapped[str] = mapped_column(String(50), default="", init=False)
    detail: Mapped[str] = mapped_column(String(500), default="", init=False)

    def refuse(self, refusal: str, detail: str) -> None:
        """The exchange's region did not do it. What was to be done need not be kept any more."""
        self.state, self.refusal, self.detail = ActionState.REFUSED, refusal[:50], detail[:500]
        self.content = b""


class ActionOutcome(Base):
    """What became of an action of the region that follows an exchange of ours, for it to be told."""

    __tablename__ = "action_outcomes"

    exchange_id: Mapped[UUID] = mapped_column(
        ForeignKey("exchanges.id", ondelete="CASCADE"), primary_key=True, init=False
    )
    action: Mapped[str] = mapped_column(String(200), primary_key=True)
    refusal: Mapped[str] = mapped_column(String(50))
    detail: Mapped[str] = mapped_column(String(500))
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
