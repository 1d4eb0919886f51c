"""An organisation, from registered to verified, and the rules that it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple, Self
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.columns import PlaceType, named
from chassis.database import UtcDateTime, new_id
from chassis.errors import FailedPrecondition
from chassis.names import format_name
from chassis.places import Place
from services.identity.columns import Base, Rows
from services.identity.folding import folded, sort_key


class Kind(IntEnum):
    """What sort of body it is."""

    LOCAL_AUTHORITY = 1
    THIRD_SECTOR = 2
    HEALTH = 3
    POLICE = 4
    FIRE = 5
    CENTRAL_GOVERNMENT = 6
    PARISH = 7
    OTHER = 8


class Sector(IntEnum):
    """The part of public life it belongs to."""

    PUBLIC = 1
    THIRD = 2
    PRIVATE = 3


class State(IntEnum):
    """Whether an operator has checked it."""

    REGISTERED = 1
    VERIFIED = 2


class Identifier(NamedTuple):
    """A public identifier as org-id.guide lists them, such as GB-CHC 1234567."""

    scheme: str
    id: str

    @property
    def key(self) -> str:
        """The identifier as it is compared."""
        return self.id.upper()


def sector_of(kind: Kind) -> Sector:
    """The sector when nobody says another."""
    return Sector.THIRD if kind is Kind.THIRD_SECTOR else Sector.PUBLIC


class Organisation(Base):
    """A body whose people take part."""

    __tablename__ = "organisations"
    __table_args__ = (
        Index("organisations_by_name", "sort_name", "id"),
        Index("organisations_by_state", "state", "sort_name", "id"),
        Index("organisations_by_kind", "state", "kind", "sort_name", "id"),
        Index("organisations_by_sector", "state", "sector", "sort_name", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    display_name: Mapped[str] = mapped_column(String(200), init=False)
    sort_name: Mapped[str] = mapped_column(String(50), init=False)
    search_name: Mapped[str] = mapped_column(Text, init=False)
    kind: Mapped[Kind] = mapped_column(named(Kind), init=False)
    sector: Mapped[Sector] = mapped_column(named(Sector), init=False)
    identifiers: Mapped[tuple[Identifier, ...]] = mapped_column(
        Rows(Identifier), default=(), init=False
    )
    ons_code: Mapped[str] = mapped_column(String(9), default="", init=False)
    place: Mapped[Place | None] = mapped_column(PlaceType, default=None, init=False)
    website: Mapped[str] = mapped_column(String(300), default="", init=False)
    description: Mapped[str] = mapped_column(String(2000), default="", init=False)
    contact_email: Mapped[str] = mapped_column(String(254), default="", init=False)
    parent: Mapped[str] = mapped_column(String(60), default="", server_default="", init=False)
    state: Mapped[State] = mapped_column(named(State), default=State.REGISTERED, init=False)
    verify_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1, init=False)

    @classmethod
    def register(cls, content: Mapping[str, object], *, at: datetime) -> Self:
        """A new one. `content` gives values by attribute; display_name and kind must be there."""
        organisation = cls(create_time=at)
        organisation._write(content)
        return organisation

    @property
    def name(self) -> str:
        return format_name("organisations", self.id)

    @property
    def is_verified(self) -> bool:
        return self.state is State.VERIFIED

    def revise(self, content: Mapping[str, object]) -> bool:
        """Take over what differs; whether anything did."""
        changes = {key: value for key, value in content.items() if getattr(self, key) != value}
        if not changes:
            return False
        self._write(changes)
        self.version += 1
        return True

    def verify(self, *, at: datetime) -> None:
        if self.is_verified:
            raise FailedPrecondition("ALREADY_VERIFIED", f"{self.name} was verified already")
        self.state, self.verify_time = State.VERIFIED, at
        self.version += 1

    def _write(self, content: Mapping[str, object]) -> None:
        for key, value in content.items():
            setattr(self, key, value)
        if "display_name" in content:
            self.sort_name = sort_key(self.display_name)
            self.search_name = folded(self.display_name)


class ListedIdentifier(Base):
    """Whose an identifier is: two organisations never share one."""

    __tablename__ = "organisation_identifiers"

    scheme: Mapped[str] = mapped_column(String(20), primary_key=True)
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
