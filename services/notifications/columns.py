"""What the tables are made of: the base of all entities and the types of their columns."""

from __future__ import annotations

from sqlalchemy import MetaData, String
from sqlalchemy.orm import DeclarativeBase

from chassis import database


class Base(database.Base, DeclarativeBase):
    """Every entity of this service."""

    metadata = MetaData()


def resource() -> String:
    """A column that holds the name of something that another service owns; empty: none."""
    return String(200)


def template() -> String:
    """A column that holds the name of a template."""
    return String(50)


def event() -> String:
    """A column that holds the id of what caused a row: an event, or a digest's period."""
    return String(100)
