"""The region that this instance serves, and what its operator says of it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.names import format_name
from services.identity.columns import Base


class Region(Base):
    """One row once an operator has said something; until then what the configuration says."""

    __tablename__ = "regions"

    code: Mapped[str] = mapped_column(String(80), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(100))
    operator_display_name: Mapped[str] = mapped_column(String(200), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    version: Mapped[int] = mapped_column(default=1)
    # Of managers and operators; anybody may have one.
    second_factor_required: Mapped[bool] = mapped_column(default=False)

    @property
    def name(self) -> str:
        return format_name("regions", self.code)

    def ask_for_second_factors(self, is_required: bool) -> None:
        self.second_factor_required = is_required
        self.version += 1

    def revise(self, content: Mapping[str, object]) -> None:
        for key, value in content.items():
            setattr(self, key, value)
        self.version += 1
