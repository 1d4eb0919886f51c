"""What a service has announced."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import Message
from sqlalchemy import select

from chassis.bus.tables import outbox
from chassis.database import Database

Event = TypeVar("Event", bound=Message)


def announced(database: Database, kind: type[Event]) -> list[Event]:
    """The events of one type in the outbox, in order."""
    with database.read() as session:
        rows = session.execute(select(outbox).order_by(outbox.c.pos)).all()
    return [
        kind.FromString(row.payload)
        for row in rows
        if row.headers["ce-type"] == kind.DESCRIPTOR.full_name
    ]


def everything_announced(database: Database) -> bytes:
    """All payloads and headers, to look for what must not be in them."""
    with database.read() as session:
        rows = session.execute(select(outbox).order_by(outbox.c.pos)).all()
    return b"\n".join(row.payload + str(row.headers).encode() for row in rows)
