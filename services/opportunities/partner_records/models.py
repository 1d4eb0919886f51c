"""People of partner regions as a record told us of them, and our people whom a record told a partner of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import UtcDateTime
from services.opportunities.columns import Base, resource


class PartnerPerson(Base):
    """Somebody of another region, held under the record that told of them and gone with it."""

    __tablename__ = "partner_people"

    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    record: Mapped[str] = mapped_column(String(200), primary_key=True)
    person: Mapped[str] = mapped_column(resource(), primary_key=True, index=True)
    # Their name in their own region.
    origin_person: Mapped[str] = mapped_column(resource())
    organisation: Mapped[str] = mapped_column(resource())
    display_name: Mapped[str] = mapped_column(String(200))
    job_title: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    expire_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, index=True)


class ToldPerson(Base):
    """Of whom a record told a partner: what must be erased there when they are erased here."""

    __tablename__ = "told_people"

    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    record: Mapped[str] = mapped_column(String(200), primary_key=True)
    person: Mapped[str] = mapped_column(resource(), primary_key=True, index=True)
