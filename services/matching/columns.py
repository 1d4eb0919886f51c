"""The base of this service's entities."""

from __future__ import annotations

from sqlalchemy import MetaData, String
from sqlalchemy.orm import DeclarativeBase

from chassis import database


class Base(database.Base, DeclarativeBase):
    """Every entity of this service."""

    metadata = MetaData()


def resource(length: int = 60) -> String:
    """A column that holds a name such as `people/{uuid}` of something that another service owns; empty: none."""
    return String(length)
