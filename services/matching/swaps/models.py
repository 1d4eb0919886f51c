"""Which notices are up for a swap, and which of them take part in one, as opportunities announces them."""

from __future__ import annotations

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.matching.columns import Base


class SwapPost(Base):
    """A notice that was up for a swap when it was last heard of: what it says now is on its card."""

    __tablename__ = "swap_posts"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)


class KnownSwap(Base):
    """A copy of what is asked of a swap here; not of a generation: it is small, and only replaced."""

    __tablename__ = "known_swaps"
    __table_args__ = (Index("known_swaps_pending", "is_pending"),)

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    version: Mapped[int]
    is_pending: Mapped[bool]
    notices: Mapped[list[str]] = mapped_column(JSON)
