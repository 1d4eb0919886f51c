"""An organisation as identity last told us of it."""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.columns import named
from chassis.errors import FailedPrecondition
from services.opportunities.columns import Base


class Sector(IntEnum):
    """The part of public life an organisation belongs to."""

    SECTOR_UNSPECIFIED = 0
    PUBLIC = 1
    THIRD = 2
    PRIVATE = 3


class Organisation(Base):
    """A copy: it never wins over its owner, and only a newer one replaces it."""

    __tablename__ = "organisations"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(200))
    sector: Mapped[Sector] = mapped_column(named(Sector))
    is_verified: Mapped[bool]
    version: Mapped[int]
    # The partner region that it belongs to; empty: ours.
    region: Mapped[str] = mapped_column(String(40), default="")

    def require_verified(self) -> None:
        if not self.is_verified:
            raise FailedPrecondition(
                "ORGANISATION_NOT_VERIFIED",
                f"{self.name} has not been verified yet: the region's operator does that",
            )
