"""When a mail that could not be sent is tried again, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

JITTER = 0.2  # of the wait, lest all that failed together come together again


@dataclass(frozen=True, slots=True)
class Backoff:
    """Each wait is as long as all the time before it, so that waits double, between two bounds."""

    first: timedelta
    longest: timedelta
    give_up_after: timedelta

    def next_attempt(self, queued: datetime, at: datetime, chance: float) -> datetime | None:
        """When to try again what was queued then and has failed now; None: give it up.

        `chance` is a number from 0 to 1, drawn anew for each call.
        """
        waited = at - queued
        if waited >= self.give_up_after:
            return None
        wait = min(max(waited, self.first), self.longest)
        planned = at + wait * (1 + JITTER * (2 * chance - 1))
        return min(planned, max(queued + self.give_up_after, at + self.first))
