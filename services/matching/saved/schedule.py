"""When an alert is due: at once by day, in the morning for those of the night, of the day, of the week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.matching.saved.models import Alerts

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The hours of the day, by the clock on the wall."""

    opens: time
    closes: time
    zone: ZoneInfo

    def due(self, alerts: Alerts, at: datetime) -> datetime:
        """When something that was found at this moment is told."""
        if alerts is Alerts.INSTANT and self.is_open(at):
            return at
        opening = self._next_opening(at)
        if alerts is Alerts.WEEKLY:
            opening += (-opening.weekday() % 7) * DAY
        return opening

    def is_open(self, at: datetime) -> bool:
        return self.opens <= at.astimezone(self.zone).time() < self.closes

    def _next_opening(self, at: datetime) -> datetime:
        local = at.astimezone(self.zone)
        today = datetime.combine(local.date(), self.opens, self.zone)
        return (
            today if local < today else datetime.combine(local.date() + DAY, self.opens, self.zone)
        )
