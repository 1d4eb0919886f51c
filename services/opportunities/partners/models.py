"""Partner regions as federation told us of them, and how far each of their words is taken over."""

from __future__ import annotations

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.partner_regions import PartnerRegionColumns
from services.opportunities.columns import Base


class PartnerRegion(PartnerRegionColumns, Base):
    """A copy of a partner's standing."""

    __tablename__ = "partner_regions"


class PartnerPosition(Base):
    """Where the last word on something stands in its region's log: kept also of what is gone."""

    __tablename__ = "partner_positions"

    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    # Our name of a notice, or the region's own name of a record.
    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    # Of notices: when the partner was pinned that said it, as federation tells.
    pinning: Mapped[int] = mapped_column(BigInteger, default=0)
    epoch: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int] = mapped_column(BigInteger)
    # What it became here, of a record; empty: nothing yet.
    local_name: Mapped[str] = mapped_column(String(200), default="")
