"""Snapshots that a listing began on, for a while: its next pages keep the order of the first.

Relevance depends a little on what else there is. Whoever pages on is ranked against the same notices
as before, as long as this process remembers them; then, or at another process, against those of now.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from services.matching.index.snapshot import Snapshot

# What a snapshot holds is files that may be gone from their folder already.
MOST = 32


class Pins:
    """The snapshots paged through last, by their stamps."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[int, Snapshot] = OrderedDict()

    def keep(self, snapshot: Snapshot) -> None:
        with self._lock:
            self._kept[snapshot.stamp] = snapshot
            self._kept.move_to_end(snapshot.stamp)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def get(self, stamp: int, otherwise: Snapshot) -> Snapshot:
        """The one with this stamp, if it is remembered."""
        with self._lock:
            return self._kept.get(stamp, otherwise)
