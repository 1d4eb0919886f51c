"""Keeps the catalogue as the read model is: at once when this process writes, soon when another does."""

from __future__ import annotations

from threading import Event, Thread

import structlog
from google.protobuf.message import DecodeError
from interchange.common.v1.types_pb2 import Place
from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from chassis.database import Database
from chassis.errors import Unavailable
from services.matching.index.catalogue import Catalogue
from services.matching.models import ONLY, Card, Progress

BATCH = 500  # what searches may have to wait for is some tens of milliseconds
AWAY_S = 1.0
NOTHING = 0  # no generation has this number

log = structlog.get_logger(__name__)


class Follower:
    """Follows positions of the generation that answers; another generation is loaded whole, then swapped in."""

    def __init__(self, database: Database, every_s: float = 0.25) -> None:
        self._database = database
        self._every_s = every_s
        self._bell = Event()
        self._stopping = Event()
        self._generation, self._position = NOTHING, 0
        self._catalogue = Catalogue()
        self._thread = Thread(target=self._run, name="follower", daemon=True)

    @property
    def catalogue(self) -> Catalogue:
        """What is known; Unavailable NOT_LOADED rather than an empty answer before anything is."""
        if self._generation == NOTHING:
            raise Unavailable("NOT_LOADED", "the notices are being read; try again in a moment")
        return self._catalogue

    def start(self) -> None:
        """Load everything, then follow beside. A database that is away is waited for beside, too."""
        self._try()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
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
                last = self._take(session, self._catalogue, progress.generation, self._position)
                self._position = max(last, progress.position)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._bell.wait(self._every_s)
            self._bell.clear()
            if not self._try():
                self._stopping.wait(AWAY_S)

    def _try(self) -> bool:
        try:
            self.follow()
        except SQLAlchemyError as problem:
            log.warning("follower_waits", error=type(problem).__name__)
            return False
        except Exception as problem:  # half a change may be in: only a whole new one is right
            log.error("catalogue_lost", exc_info=problem)
            self._generation = NOTHING
            return False
        return True

    def _load(self, session: Session, generation: int) -> None:
        """A whole generation, aside; who asks meanwhile is answered from the old one."""
        catalogue = Catalogue()
        position = self._take(session, catalogue, generation, 0)
        self._catalogue, self._position, self._generation = catalogue, position, generation
        log.info("catalogue_loaded", generation=generation, notices=len(catalogue))

    def _take(self, session: Session, catalogue: Catalogue, generation: int, after: int) -> int:
        """Bring a catalogue to the newest position; which that is."""
        while True:
            cards = session.scalars(
                select(Card)
                .where(Card.generation == generation, Card.position > after)
                .order_by(Card.position)
                .limit(BATCH)
            ).all()
            with catalogue.changing():
                for card in cards:
                    _take_card(catalogue, card)
            after = cards[-1].position if cards else after
            if len(cards) < BATCH:
                return after
            session.expunge_all()


def _take_card(catalogue: Catalogue, card: Card) -> None:
    if not card.is_open:
        return catalogue.drop(card.name)
    try:
        notice, place = pb.Notice.FromString(card.payload), Place.FromString(card.place or b"")
    except DecodeError:
        # One that is spoilt must not keep the others out. A rebuild brings it back.
        log.error("card_unreadable", notice=card.name)
        return catalogue.drop(card.name)
    catalogue.put(notice, place)
