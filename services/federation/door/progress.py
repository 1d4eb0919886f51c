"""How far partners have read us, as what they ask for shows: kept together, and written down once a second."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from chassis.database import Database
from services.federation.partners.models import Partner

Place = tuple[int, int]  # epoch and number


class Progress:
    """A transaction for each page asked for would cost more than the page."""

    def __init__(self, database: Database) -> None:
        self._begin = database.begin
        self._lock = Lock()
        self._asked: dict[str, dict[str, Place]] = {}

    def asked(self, region: str, channel: str, epoch: int, after: int) -> None:
        """Who asks for what comes after an entry has that entry. Epoch 0 is a look, not a place."""
        if epoch:
            with self._lock:
                self._asked.setdefault(region, {})[channel] = epoch, after

    def write(self) -> None:
        """Put down what was asked for since the last time."""
        with self._lock:
            asked, self._asked = self._asked, {}
        for region, places in sorted(asked.items()):
            self._note(region, places)

    def _note(self, region: str, places: Mapping[str, Place]) -> None:
        with self._begin() as session:
            partner = session.get(Partner, region, with_for_update=True)
            if partner is not None:
                partner.has_read(places)
