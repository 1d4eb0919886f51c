"""Forgetting what is old."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete

from chassis.database import Database
from services.notifications.audience.models import Erased
from services.notifications.deliveries.models import Delivery, State
from services.notifications.inbox.models import Message

# The bus keeps events for fourteen days: after that nothing late can come, and a month is plenty.
KEEP_FINGERPRINTS = timedelta(days=31)


def purge(database: Database, *, messages: timedelta, deliveries: timedelta, at: datetime) -> None:
    """Delete messages, finished deliveries and fingerprints older than they are kept."""
    with database.begin() as session:
        session.execute(delete(Message).where(Message.create_time < at - messages))
    with database.begin() as session:
        is_finished = Delivery.state != State.QUEUED
        session.execute(delete(Delivery).where(is_finished, Delivery.create_time < at - deliveries))
    with database.begin() as session:
        session.execute(delete(Erased).where(Erased.at < at - KEEP_FINGERPRINTS))
