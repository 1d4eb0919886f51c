"""What signing in leaves behind: credentials, sessions, tokens by their hashes, failures, keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Self
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.columns import named
from chassis.database import UtcDateTime, new_id
from services.identity.columns import Base

FAILURES = 10
WITHIN = timedelta(minutes=15)
LOCKED_FOR = timedelta(minutes=15)


class Credential(Base):
    """A person's password, as its argon2id hash. Who has not accepted an invitation has none."""

    __tablename__ = "credentials"

    person_id: Mapped[UUID] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    password_hash: Mapped[str] = mapped_column(String(200))


class OpenSession(Base):
    """Somebody signed in. Its end is its deletion.

    Access tokens name the session and its `epoch`: raising the epoch ends the tokens that were
    issued before, with what they say of the person, and lets the session go on.
    """

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    epoch: Mapped[int] = mapped_column(default=1, init=False)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    refresh_time: Mapped[datetime] = mapped_column(UtcDateTime)
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    # Whether whoever opened it gave a second factor too.
    has_second_factor: Mapped[bool] = mapped_column(default=False)

    @property
    def sid(self) -> str:
        """What access tokens call it."""
        return f"{self.id}.{self.epoch}"

    def refresh(self, *, at: datetime, expire_time: datetime) -> None:
        self.refresh_time, self.expire_time = at, expire_time

    def renew(self) -> None:
        self.epoch += 1


def session_of(sid: str) -> UUID | None:
    """The session that an access token belongs to."""
    return UUID(sid.partition(".")[0]) if sid else None


class RefreshToken(Base):
    """A refresh token by its hash. Used ones are kept for a while: to meet one again means theft."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("refresh_tokens_by_use_time", "use_time"),)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("sessions.id", ondelete="CASCADE"), index=True
    )
    use_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)


class Revocation(Base):
    """Access tokens that ended before their time, until the last of them would have ended anyway.

    Redis tells the other programs. This row tells Redis again, should it have been away or have
    forgotten.
    """

    __tablename__ = "revocations"

    sid: Mapped[str] = mapped_column(String(50), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Purpose(IntEnum):
    """What a mailed token is for."""

    CONFIRM_EMAIL = 1
    RESET_PASSWORD = 2
    ACCEPT_INVITATION = 3


class MailToken(Base):
    """A mailed token by its hash. It works once; each program's newest for a purpose is the one that works."""

    __tablename__ = "mail_tokens"
    __table_args__ = (UniqueConstraint("person_id", "purpose", "issuer"),)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    purpose: Mapped[Purpose] = mapped_column(named(Purpose))
    issuer: Mapped[str] = mapped_column(String(50))
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Failures(Base):
    """Failures to sign in with one address, known or not, by the address's hash."""

    __tablename__ = "sign_in_failures"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int] = mapped_column(default=0, init=False)
    first_time: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    # Whose address it is, so that operators see to whom it happened. Erasing somebody clears the row by its digest.
    person_id: Mapped[UUID | None] = mapped_column(default=None, init=False)

    @property
    def lock_time(self) -> datetime | None:
        return self.locked_until - LOCKED_FOR if self.locked_until else None

    def is_locked(self, at: datetime) -> bool:
        return self.locked_until is not None and at < self.locked_until

    def add(self, whose: UUID | None, *, at: datetime) -> bool:
        """Count one more; whether it is the one that locks."""
        self.person_id = whose
        if at >= self.first_time + WITHIN:
            self.count, self.first_time = 0, at
        self.count += 1
        if self.count < FAILURES:
            return False
        self.count, self.first_time, self.locked_until = 0, at, at + LOCKED_FOR
        return True


class SigningKey(Base):
    """A key that access tokens are signed with: the public part, and the private one encrypted."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(String(50), primary_key=True)
    public: Mapped[dict[str, Any]] = mapped_column(JSON)
    private: Mapped[bytes] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    retire_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)

    def retire(self, *, at: datetime) -> Self:
        """Stop to sign with it; tokens that it signed stay good."""
        self.retire_time = at
        return self
