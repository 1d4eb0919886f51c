"""The read model: copies of published notices and of their organisations. Disposable."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import UtcDateTime
from chassis.partner_regions import PartnerRegionColumns
from services.matching.columns import Base, resource

ONLY = 1  # the one row of Progress
# Count it up when the read model keeps more of what others say: what was said before is then read again, by itself.
READS = 1
CARRIED_OVER = 0  # position of a tombstone from the generation before: nobody has to follow it


class Card(Base):
    """A notice as the public sees it, in one generation of the read model.

    A closed one stays for a while as a tombstone, so that an older copy does not bring it back.
    """

    __tablename__ = "cards"
    __table_args__ = (
        Index("cards_following", "generation", "position"),
        Index("cards_by_organisation", "organisation"),
    )

    generation: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    organisation: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    is_open: Mapped[bool]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    place: Mapped[bytes | None] = mapped_column(LargeBinary)  # its own, or its organisation's
    position: Mapped[int]
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)


class Organisation(Base):
    """An organisation as identity has said it last: what its notices show of it, and what it is found by."""

    __tablename__ = "organisations"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(200))
    sector: Mapped[int]
    place: Mapped[bytes | None] = mapped_column(LargeBinary)
    parent: Mapped[str] = mapped_column(resource(), default="", server_default="")
    # As the public sees it; None where identity has said nothing since this is kept.
    payload: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    version: Mapped[int]


class PartnerRegion(PartnerRegionColumns, Base):
    """A copy of what federation says of a partner. Not of a generation: it is small, and only replaced."""

    __tablename__ = "partner_regions"


class Progress(Base):
    """Which generation answers, which is being built, and how many changes there were.

    One row, which every change locks: positions are so given in the order of the commits, and who
    follows by position misses nothing.
    """

    __tablename__ = "progress"

    id: Mapped[int] = mapped_column(primary_key=True, default=ONLY)
    position: Mapped[int] = mapped_column(default=0)
    generation: Mapped[int] = mapped_column(default=1)
    building: Mapped[int] = mapped_column(default=0)  # 0: none
    build_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    # The READS of the release that built it last.
    reads: Mapped[int] = mapped_column(default=0, server_default="0")

    @property
    def generations(self) -> list[int]:
        """Those that take changes."""
        return [self.generation, self.building] if self.building else [self.generation]

    def step(self) -> int:
        """The next position."""
        self.position += 1
        return self.position
