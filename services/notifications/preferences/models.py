"""What a person wants to be told by mail."""

from __future__ import annotations

import secrets
from enum import IntEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.columns import named
from chassis.names import format_name
from services.notifications.columns import Base, resource
from services.notifications.templates.catalogue import ALERTS

TOKEN_BYTES = 24
ENGLISH = "en"


class Frequency(IntEnum):
    """How often mail is sent."""

    INSTANT = 1
    DAILY_DIGEST = 2
    WEEKLY_DIGEST = 3
    OFF = 4


DIGESTS = frozenset({Frequency.DAILY_DIGEST, Frequency.WEEKLY_DIGEST})


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


class Preferences(Base):
    """One person's wishes, and the secret in their mails that stops them."""

    __tablename__ = "preferences"

    person: Mapped[str] = mapped_column(resource(), primary_key=True)
    frequency: Mapped[Frequency] = mapped_column(named(Frequency), default=Frequency.INSTANT)
    language: Mapped[str] = mapped_column(String(5), default=ENGLISH)
    # Kept as it is, not as a hash: it goes into each mail, and does no more than stop them.
    unsubscribe_token: Mapped[str] = mapped_column(
        String(50), default_factory=new_token, unique=True
    )
    # No mail of what saved searches find; all other mail comes as chosen.
    alerts_off: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    @property
    def name(self) -> str:
        return format_name(self.person, "preferences")

    def choose(self, frequency: Frequency) -> None:
        if frequency is not self.frequency:
            self.frequency = frequency
            self.version += 1

    def choose_alerts(self, *, off: bool) -> None:
        if off is not self.alerts_off:
            self.alerts_off = off
            self.version += 1

    def wants(self, topic: str) -> bool:
        """Whether they want mail of this topic at all; none in particular is one of all."""
        return self.frequency is not Frequency.OFF and not (topic == ALERTS and self.alerts_off)
