"""How often and how fast a partner is read: waits after failures, the circuit, and how much its log may grow."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum

FAILURES = 5
WINDOW_S = 600.0
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Waits:
    """How long to wait, in seconds."""

    poll_s: float = 30.0
    first_s: float = 1.0
    longest_s: float = 300.0
    probe_s: float = 300.0


@dataclass
class Circuit:
    """Doubles the wait with each failure; after five in ten minutes it is open and only probes.

    Where it stands in the partner's log is no part of this: that is never given up.
    """

    waits: Waits
    failures: int = 0
    _recent: deque[float] = field(default_factory=lambda: deque(maxlen=FAILURES))

    def heard(self) -> None:
        """The partner answered, or spoke to us."""
        self.failures = 0
        self._recent.clear()

    def failed(self, at: float) -> None:
        """It did not answer; `at` in seconds of any steady clock."""
        self.failures += 1
        self._recent.append(at)

    def is_open(self, at: float) -> bool:
        """Whether it has failed so often of late that only a probe is worth while."""
        return len(self._recent) == FAILURES and at - self._recent[0] <= WINDOW_S

    def wait_s(self, at: float, chance: float) -> float:
        """Until the next try. `chance` from 0 to 1 spreads partners that began together."""
        if not self.failures:
            return self.waits.poll_s * (0.8 + 0.4 * chance)
        if self.is_open(at):
            return self.waits.probe_s
        return float(min(self.waits.first_s * 2.0 ** (self.failures - 1), self.waits.longest_s))


class Pace(Enum):
    """How a partner's log is read."""

    FULL = 1
    SLOW = 2  # it sends more than was agreed
    STOP = 3  # it goes on doing so


@dataclass
class Budget:
    """How many entries of one partner are verified while others wait: so many a second, no more than that at once."""

    per_s: int
    _left: float = 0.0
    _at: float | None = None

    def take(self, count: int, at: float) -> None:
        """So many were verified, at a moment of a steady clock. Nobody is in debt for what nobody waited for."""
        self._left = max(self.left(at) - count, 0.0)
        self._at = at

    def left(self, at: float) -> float:
        """How many may be verified now."""
        if self._at is None:
            return float(self.per_s)
        return min(self._left + (at - self._at) * self.per_s, float(self.per_s))

    def wait_s(self, count: int, at: float) -> float:
        """Until so many may be verified."""
        return max(min(count, self.per_s) - self.left(at), 0.0) / self.per_s


@dataclass
class Growth:
    """A token bucket on the growth of a partner's signed head, not on what we read of it.

    What grew while we could not hear the partner costs nothing: a backlog is no flood.
    """

    per_hour: int
    burst: int
    _tokens: float = 0.0
    _at: float = 0.0
    _place: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        self._tokens = float(self.burst)

    def interrupted(self) -> None:
        """We lost sight of it."""
        self._place = None

    def saw(self, epoch: int, head: int, at: float) -> Pace:
        """A signed head, at a moment of a steady clock."""
        self._fill(at)
        if self._place is not None:
            before = self._place
            grown = head - before[1] if epoch == before[0] else head
            self._tokens -= max(grown, 0)
        self._place = (epoch, head)
        return self.pace

    def again(self, *, per_hour: int, burst: int) -> None:
        """With another agreement, or a clean slate."""
        self.per_hour, self.burst, self._tokens = per_hour, burst, float(burst)

    @property
    def pace(self) -> Pace:
        """Over its burst it is read slowly, over twice its burst no more."""
        if self._tokens >= 0:
            return Pace.FULL
        return Pace.SLOW if self._tokens > -self.burst else Pace.STOP

    def _fill(self, at: float) -> None:
        gained = (at - self._at) * self.per_hour / HOUR_S if self._at else 0.0
        self._tokens = min(self._tokens + gained, float(self.burst))
        self._at = at
