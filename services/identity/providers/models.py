"""An organisation's provider, sign-ins under way, those that wait to be linked, and those that are linked."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.columns import named
from chassis.database import UtcDateTime, new_id
from chassis.names import format_name
from services.identity import naming
from services.identity.columns import Base

# People look for their password at the provider; and read a mail before they register.
COMPLETED_WITHIN = timedelta(minutes=15)
LINKED_WITHIN = timedelta(hours=1)


class Purpose(IntEnum):
    """What an external sign-in is for; numbers are those of the proto."""

    SIGN_IN = 1
    LINK = 2


class Provider(Base):
    """Where an organisation's people sign in. The client's secret is sealed."""

    __tablename__ = "identity_providers"

    organisation_id: Mapped[UUID] = mapped_column(
        ForeignKey("organisations.id", ondelete="CASCADE"), primary_key=True
    )
    issuer: Mapped[str] = mapped_column(String(500))
    client_id: Mapped[str] = mapped_column(String(200))
    client_secret: Mapped[bytes] = mapped_column(LargeBinary)
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def organisation(self) -> str:
        return naming.organisation_name(self.organisation_id)

    @property
    def name(self) -> str:
        return f"{self.organisation}/identityProvider"


class Flow(Base):
    """A browser that was sent to a provider. State, nonce and verifier are made from its token, whose hash is kept."""

    __tablename__ = "external_sign_ins"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(
        ForeignKey("organisations.id", ondelete="CASCADE")
    )
    issuer: Mapped[str] = mapped_column(String(500))  # should the operator change it meanwhile
    redirect_uri: Mapped[str] = mapped_column(String(500))
    purpose: Mapped[Purpose] = mapped_column(named(Purpose))
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Unlinked(Base):
    """Somebody whom a provider vouches for and whom we do not know yet, by their link token's hash."""

    __tablename__ = "unlinked_identities"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(
        ForeignKey("organisations.id", ondelete="CASCADE")
    )
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class LinkedIdentity(Base):
    """Who a person is to an issuer. Issuer and subject name one person here, never an address."""

    __tablename__ = "linked_identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(
        ForeignKey("organisations.id", ondelete="CASCADE")
    )
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    use_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)

    @property
    def name(self) -> str:
        return format_name(naming.person_name(self.person_id), "linkedIdentities", self.id)

    @property
    def organisation(self) -> str:
        return naming.organisation_name(self.organisation_id)

    def use(self, *, at: datetime) -> None:
        self.use_time = at
