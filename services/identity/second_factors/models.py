"""A person's second factor, their recovery codes, and challenges that wait for a code."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import UtcDateTime
from services.identity.columns import Base

TRIES = 5
ANSWERED_WITHIN = timedelta(minutes=5)


class SecondFactor(Base):
    """The secret that a person shares with their app, sealed. It counts once a code has confirmed it."""

    __tablename__ = "second_factors"

    person_id: Mapped[UUID] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    confirm_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0, init=False)

    @property
    def is_on(self) -> bool:
        return self.confirm_time is not None

    def take(self, step: int | None) -> bool:
        """Use the code of this step up; False when there is none, or it or a later one was used before."""
        if step is None or step <= self.last_step:
            return False
        self.last_step = step
        return True

    def confirm(self, *, at: datetime) -> None:
        self.confirm_time = at


class RecoveryCode(Base):
    """A recovery code by its hash. It is gone when it has been used."""

    __tablename__ = "recovery_codes"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)


class Challenge(Base):
    """Somebody who has taken the first step of signing in, by their token's hash."""

    __tablename__ = "challenges"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    failures: Mapped[int] = mapped_column(default=0, init=False)

    def is_open(self, at: datetime) -> bool:
        return at < self.expire_time and self.failures < TRIES

    def fail(self) -> None:
        self.failures += 1
