"""A skill that the region's operator adds to those of ESCO."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import UtcDateTime
from chassis.errors import FailedPrecondition
from chassis.names import format_name
from services.matching.columns import Base
from services.matching.skills.concept import Concept


class LocalSkill(Base):
    """Never taken away: who has named it keeps it. Its id is made of its first label and stays."""

    __tablename__ = "local_skills"

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    label: Mapped[str] = mapped_column(String(100))
    welsh_label: Mapped[str] = mapped_column(String(100), default="")
    alternative_labels: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    description: Mapped[str] = mapped_column(Text, default="")
    retire_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1, init=False)

    @property
    def name(self) -> str:
        return format_name("skills", self.id)

    def revise(self, **values: object) -> None:
        """Give it new words; its id stays, and with it whoever named it."""
        self._require_in_use()
        for attribute, value in values.items():
            setattr(self, attribute, value)
        self.version += 1

    def retire(self, *, at: datetime) -> None:
        self._require_in_use()
        self.retire_time = at
        self.version += 1

    def _require_in_use(self) -> None:
        if self.retire_time is not None:
            raise FailedPrecondition(
                "RETIRED", f"{self.name} is retired; add another skill instead"
            )

    @property
    def concept(self) -> Concept:
        return Concept(
            id=self.id,
            label=self.label,
            alternatives=tuple(self.alternative_labels),
            description=self.description,
            welsh_label=self.welsh_label,
            retire_time=self.retire_time,
            version=self.version,
        )
