"""Many rows in one statement are the same rows."""

from __future__ import annotations

from sqlalchemy import select

from chassis.bulk import insert_all
from chassis.bus.tables import outbox
from chassis.clock import now
from chassis.database import new_id
from tests.conftest import Databases


def test_rows_come_back_as_they_were_given_in_order(databases: Databases) -> None:
    database, at = databases("federation"), now()
    given = [
        {
            "event_id": new_id(),
            "subject": f"evt.{number}",
            "headers": {"ce-id": "é"},
            "payload": bytes([number, 0]),
            "created_at": at,
            "published_at": None if number % 2 else at,
        }
        for number in range(5)
    ]

    with database.begin() as session:
        insert_all(session, outbox, given)
        insert_all(session, outbox, [])

    with database.read() as session:
        found = session.execute(select(outbox).order_by(outbox.c.pos)).all()
    assert [{key: getattr(row, key) for key in given[0]} for row in found] == given
