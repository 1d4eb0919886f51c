"""Copies of what identity owns, as far as telling people needs it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import UtcDateTime
from chassis.partner_regions import PartnerRegionColumns
from services.notifications.columns import Base, resource


class Organisation(Base):
    """The name by which texts call an organisation."""

    __tablename__ = "organisations"

    name: Mapped[str] = mapped_column(resource(), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(200))
    version: Mapped[int]


class Manager(Base):
    """An appointment. It is kept when it ends, lest a late word of its beginning revive it."""

    __tablename__ = "managers"
    __table_args__ = (
        Index("managers_by_organisation", "organisation"),
        Index("managers_by_person", "person"),
    )

    appointment: Mapped[str] = mapped_column(resource(), primary_key=True)
    organisation: Mapped[str] = mapped_column(resource())
    person: Mapped[str] = mapped_column(resource())
    is_in_office: Mapped[bool] = mapped_column(default=True)


class Operator(Base):
    """Somebody who runs the region."""

    __tablename__ = "operators"

    person: Mapped[str] = mapped_column(resource(), primary_key=True)


class PartnerRegion(PartnerRegionColumns, Base):
    """What another region is called."""

    __tablename__ = "partner_regions"


class Erased(Base):
    """The fingerprint of somebody who was erased, lest news that comes late write of them again."""

    __tablename__ = "erased"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
