"""Our signing keys, and the document that tells of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import UtcDateTime
from services.federation.columns import Base

ONLY = 1  # the one row of Identity


class RegionKey(Base):
    """A key pair to sign with, and one to open what is sealed to us. Private parts are encrypted."""

    __tablename__ = "region_keys"

    kid: Mapped[str] = mapped_column(String(100), primary_key=True)
    public: Mapped[bytes] = mapped_column(LargeBinary)
    private: Mapped[bytes] = mapped_column(LargeBinary)
    sealing_public: Mapped[bytes] = mapped_column(LargeBinary)
    sealing_private: Mapped[bytes] = mapped_column(LargeBinary)
    not_before_time: Mapped[datetime] = mapped_column(UtcDateTime)
    not_after_time: Mapped[datetime] = mapped_column(UtcDateTime)


class Identity(Base):
    """What we tell of ourselves: the document as the root key signed it."""

    __tablename__ = "identity"

    id: Mapped[int] = mapped_column(primary_key=True, default=ONLY)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[int]
    publish_time: Mapped[datetime] = mapped_column(UtcDateTime)
