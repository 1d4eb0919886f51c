"""The base of this service's entities."""

from __future__ import annotations

from sqlalchemy import MetaData

from chassis import database


class Base(database.Base):
    """Every entity of this service."""

    __abstract__ = True
    metadata = MetaData()
