"""What is counted of mails, in Prometheus naming."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import Counter, Gauge

from chassis.database import Database
from services.notifications.deliveries import queue

mails = Counter("interchange_mails_total", "Tries to send a mail, by outcome.", ["outcome"])
queue_depth = Gauge("interchange_mail_queue_depth", "Mails that wait to be sent.")
queue_age = Gauge(
    "interchange_mail_queue_oldest_seconds", "How long the oldest of them has waited."
)


def measure(database: Database, *, at: datetime) -> None:
    """How far behind the queue is."""
    with database.read() as session:
        depth, oldest = queue.depth(session)
    queue_depth.set(depth)
    queue_age.set(max((at - oldest).total_seconds(), 0.0) if oldest else 0.0)
