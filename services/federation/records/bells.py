"""Waking the workers of this process when a commit has left them something to do."""

from __future__ import annotations

from threading import Event
from weakref import WeakSet

from sqlalchemy.orm import Session

from chassis.database import after_commit


class Bells:
    """Who wants to hear; another process's workers poll."""

    def __init__(self) -> None:
        self._bells: WeakSet[Event] = WeakSet()

    def add(self, bell: Event) -> None:
        self._bells.add(bell)

    def ring(self) -> None:
        for bell in list(self._bells):
            bell.set()

    def ring_after(self, session: Session) -> None:
        """Once the transaction is durable."""
        after_commit(session, self.ring)


incoming = Bells()
outgoing = Bells()
