"""What the tables are made of: the base of all entities."""

from __future__ import annotations

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from chassis import database


class Base(database.Base, DeclarativeBase):
    """Every entity of this service."""

    metadata = MetaData()
