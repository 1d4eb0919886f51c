"""When somebody is signed out, so that each page can say it before it happens."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from web.config import Config
from web.sessions import SignIn

SOON_S = 30 * 60  # before the last moment, people are told that staying does not help


@dataclass(frozen=True)
class Ending:
    """When the session of a page ends: unless something is done, and in any case."""

    idle_at: float
    last_at: float
    now: float

    @property
    def at(self) -> str:
        """What happens if nothing is done, as a timestamp of the API."""
        return _stamp(min(self.idle_at, self.last_at))

    @property
    def seconds(self) -> int:
        return max(int(min(self.idle_at, self.last_at) - self.now), 0)

    @property
    def is_last(self) -> bool:
        """Whether it ends soon whatever is done."""
        return self.last_at - self.now < SOON_S

    @property
    def last(self) -> str:
        return _stamp(self.last_at)


def ending_of(signed_in: SignIn, config: Config) -> Ending:
    now = time.time()
    return Ending(now + config.idle_s, signed_in.began + config.absolute_s, now)


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
