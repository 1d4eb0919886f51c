"""How often something is done: at once, a few times in a row, and of more so far apart."""

from __future__ import annotations


class Spread:
    """What comes alone waits for nothing; what comes in masses is done as often as was agreed."""

    def __init__(self, *, apart_s: float, few: int) -> None:
        self._apart_s = apart_s
        self._few = few
        self._next_at = 0.0  # when it would be done again, were it done evenly

    def pause_s(self, at: float) -> float:
        """It was done at a moment of a steady clock; how long to wait before it is done again."""
        self._next_at = max(self._next_at, at - self._few * self._apart_s) + self._apart_s
        return max(self._next_at - at, 0.0)
