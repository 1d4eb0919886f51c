"""Digests: what a person was told since the last one, in one mail, once in each period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from chassis.database import Database
from services.notifications.deliveries import queue
from services.notifications.inbox import queries as inbox
from services.notifications.preferences import queries as preferences
from services.notifications.preferences.models import Frequency
from services.notifications.templates.catalogue import DIGEST

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When digests leave, by the clock on the wall: periods end when it opens, weeks on Mondays."""

    opens: time
    closes: time
    zone: ZoneInfo

    def is_open(self, at: datetime) -> bool:
        """A digest that is late, for we were away, does not come in the night."""
        return self.opens <= at.astimezone(self.zone).time() < self.closes

    def period_end(self, frequency: Frequency, at: datetime) -> datetime:
        """The last end of a period at or before this moment."""
        local = at.astimezone(self.zone)
        day = local.date() if local.time() >= self.opens else local.date() - DAY
        if frequency is Frequency.WEEKLY_DIGEST:
            day -= day.weekday() * DAY
        return datetime.combine(day, self.opens, self.zone)


def collect(database: Database, schedule: Schedule, *, at: datetime) -> None:
    """Queue a digest for everybody whose period has ended, each in a transaction of their own."""
    if not schedule.is_open(at):
        return
    newest = schedule.period_end(Frequency.DAILY_DIGEST, at)
    with database.read() as session:
        people = inbox.waiting(session, before=newest)
    for person in people:
        with database.begin() as session:
            _collect_for(session, person, schedule, at)


def _collect_for(session: Session, person: str, schedule: Schedule, at: datetime) -> None:
    """Who has chosen otherwise since, gets what waited for them at the end of the day."""
    before = schedule.period_end(preferences.get(session, person).frequency, at)
    if not inbox.has_waiting(session, person, before=before):
        return
    period = f"digest:{before.date()}"
    digest = queue.add(session, person, DIGEST, event_id=period, at=at)
    if digest:
        inbox.gather(session, person, before=before, into=digest)
