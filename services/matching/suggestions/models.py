"""What managers have said of suggestions, kept for their organisation."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.database import UtcDateTime
from services.matching.columns import Base
from services.matching.suggestions import relations
from services.matching.suggestions.eligibility import Barred


class Dismissal(Base):
    """Not this one for this notice, or nothing of its organisation for any. Who said so, the audit log knows."""

    __tablename__ = "dismissals"
    __table_args__ = (Index("dismissals_by_organisation", "organisation"),)

    notice: Mapped[str] = mapped_column(String(60), primary_key=True)
    other: Mapped[str] = mapped_column(String(60), primary_key=True)
    organisation: Mapped[str] = mapped_column(String(60))
    other_organisation: Mapped[str] = mapped_column(String(60))
    reason: Mapped[int]
    note: Mapped[str] = mapped_column(String(500), default="")
    whole_organisation: Mapped[bool] = mapped_column(default=False)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)


def barred_for(session: Session, organisation: str, silent: Collection[str]) -> Barred:
    """What an organisation's managers have said, and what is known of it and others."""
    rows = session.scalars(select(Dismissal).where(Dismissal.organisation == organisation)).all()
    wholly = (each.other_organisation for each in rows if each.whole_organisation)
    return Barred(
        dismissed=frozenset((each.notice, each.other) for each in rows),
        organisations=frozenset(wholly),
        kin=relations.kin_of(session, organisation),
        partners=relations.partners_of(session, organisation),
        unmanaged=relations.unmanaged(session),
        silent=silent,
    )
