"""Keeps the catalogue as the read model is: at once when this process writes, soon when another does."""

from __future__ import annotations

import time
from threading import Event, Thread

import structlog
from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from chassis.database import Database
from services.matching.index.catalogue import Catalogue
from services.matching.models import ONLY, Card, Progress

BATCH = 1000
AWAY_S = 1.0

log = structlog.get_logger(__name__)


class Follower:
    """Follows positions of the generation that answers; another generation is loaded whole, then swapped in."""

    def __init__(self, database: Database, every_s: float = 0.25) -> None:
        self._database = database
        self._every_s = every_s
        self._bell = Event()
        self._stopping = False
        self._generation = self._position = 0
        self.catalogue = Catalogue()
        self._thread = Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        """Load everything, then follow. A database that is away is waited for."""
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """Something was written."""
        self._bell.set()

    def follow(self) -> None:
        """Take over what was written since the last time."""
        with self._database.read() as session:
            progress = session.scalars(select(Progress).where(Progress.id == ONLY)).one()
            if progress.generation != self._generation:
                self._load(session, progress.generation)
            elif progress.position != self._position:
                # Positions of other generations count too: what is before the newest we have seen.
                last = self._take(session, self.catalogue, self._position)
                self._position = max(last, progress.position)

    def _run(self) -> None:
        while not self._stopping:
            self._bell.clear()
            try:
                self.follow()
            except SQLAlchemyError as problem:
                log.warning("follower_waits", error=type(problem).__name__)
                time.sleep(AWAY_S)
            self._bell.wait(self._every_s)

    def _load(self, session: Session, generation: int) -> None:
        """A whole generation, aside; who asks meanwhile is answered from the old one."""
        self._generation = generation
        catalogue = Catalogue()
        self._position = self._take(session, catalogue, 0)
        self.catalogue = catalogue
        log.info("catalogue_loaded", generation=generation, notices=len(catalogue))

    def _take(self, session: Session, catalogue: Catalogue, after: int) -> int:
        """Bring a catalogue to the newest position; which that is."""
        while True:
            cards = session.scalars(
                select(Card)
                .where(Card.generation == self._generation, Card.position > after)
                .order_by(Card.position)
                .limit(BATCH)
            ).all()
            for card in cards:
                if card.is_open:
                    catalogue.put(pb.Notice.FromString(card.payload))
                else:
                    catalogue.drop(card.name)
            after = cards[-1].position if cards else after
            if len(cards) < BATCH:
                return after
            session.expunge_all()
