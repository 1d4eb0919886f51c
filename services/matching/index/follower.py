"""Keeps the index as the read model is: at once when this process writes, soon when another does."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from math import inf
from pathlib import Path
from threading import Event, Thread

import structlog
from google.protobuf.message import DecodeError
from interchange.common.v1.types_pb2 import Place
from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from chassis import partner_regions
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.pacing import Spread
from chassis.partner_regions import Regions
from services.matching.index.index import Index
from services.matching.index.pins import Pins
from services.matching.index.shelf import Shelf
from services.matching.index.snapshot import Snapshot
from services.matching.index.understanding import Understanding
from services.matching.models import ONLY, Card, PartnerRegion, Progress

BATCH = 500
AWAY_S = 1.0
# A commit costs the same for one notice as for a hundred, and leaves something to merge.
COMMITS_APART_S = 0.1
FEW_COMMITS = 5
SOON_S = 1.0
# Of what somebody waits for: a fifth of that, or who publishes one by one would have us do nothing else.
LEAST_APART_S = 0.02
# So many or more are masses: those that somebody waits for are found before them, with a commit of their own.
MASSES = 20
# Masses wait for each other so long, or until so many are there: a commit is some ten milliseconds of a core.
MASSES_APART_S = 0.5
ENOUGH = 200
NOTHING = 0  # no generation has this number

log = structlog.get_logger(__name__)


class Follower:
    """Follows positions of the generation that answers; another generation is indexed whole, then swapped in."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        understanding: Understanding,
        every_s: float = 0.25,
        *,
        region: str = "",
        soon_s: float = SOON_S,
    ) -> None:
        """`soon_s`: so much later what was shown is committed, with what was shown until then."""
        self.understanding = understanding
        self.pins = Pins()
        # For half of what an answer needs: the engine and the encoder let go of Python's lock.
        self.beside = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="beside")
        self._database = database
        self._shelf = Shelf(folder)
        self._every_s, self._soon_s = every_s, soon_s
        self._regions = Regions(region)
        self._bell = Event()
        self._hurry = Event()
        self._stopping = Event()
        self._hurried: set[str] = set()  # names, since we looked
        self._looks = self._changes = 0
        self._masses_at = 0.0  # not before
        self._commit_at = inf  # what was shown
        self._spread = Spread(apart_s=COMMITS_APART_S, few=FEW_COMMITS)
        self._generation, self._position = NOTHING, 0
        self._index: Index | None = None
        self._thread = Thread(target=self._run, name="follower", daemon=True)

    @property
    def snapshot(self) -> Snapshot:
        """What is known; Unavailable NOT_LOADED rather than an empty answer before anything is."""
        if self._index is None:
            raise Unavailable("NOT_LOADED", "the notices are being read; try again in a moment")
        return self._index.snapshot

    @property
    def regions(self) -> Regions:
        """Where notices come from, as it was read last."""
        return self._regions

    def start(self) -> None:
        """Open or build the index, then follow beside. A database that is away is waited for beside, too."""
        self._try()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._bell.set()
        self._hurry.set()
        if self._thread.is_alive():
            self._thread.join()
        index, self._index = self._index, None
        self.beside.shutdown()
        if index is not None:
            index.close()
        self._shelf.close()

    def wake(self) -> None:
        """Something was written."""
        self._bell.set()

    def hurry(self, names: Iterable[str] = ()) -> None:
        """Something was written that is none of masses: somebody waits for it."""
        self._hurried.update(names)
        self._hurry.set()
        self.wake()

    def looks(self) -> int:
        """How often we have looked. Who writes much waits for that."""
        return self._looks

    def follow(self, *, masses: bool = True) -> None:
        """Take over what was written since the last time; of masses, if they may wait, what somebody waits for."""
        # Whoever is added to the old set from now on was written before we look.
        waited_for, self._hurried = self._hurried, set()
        with self._database.read() as session:
            progress = session.scalars(select(Progress).where(Progress.id == ONLY)).one()
            if self._index is None or progress.generation != self._generation:
                self._load(session, progress)
                return
            behind = progress.position - self._position
            if behind >= MASSES and waited_for:
                self._take_first(session, self._index, progress.generation, waited_for)
            if masses or 0 < behind < MASSES or behind >= ENOUGH:
                self._take_all(session, self._index, progress)
            if time.monotonic() >= self._commit_at:
                self._commit(self._index, self._position)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._bell.wait(self._every_s)
            self._bell.clear()
            self._hurry.clear()
            self._looks, before = self._looks + 1, self._changes
            if not self._try(masses=time.monotonic() >= self._masses_at):
                self._stopping.wait(AWAY_S)
            if self._changes != before:
                pause_s = self._spread.pause_s(time.monotonic())
                self._pause(min(pause_s, COMMITS_APART_S))  # what was hurried is no debt

    def _pause(self, pause_s: float) -> None:
        """Between two commits; less when somebody waits for the next."""
        if pause_s:
            self._stopping.wait(min(pause_s, LEAST_APART_S))
            self._hurry.wait(max(pause_s - LEAST_APART_S, 0.0))

    def _try(self, *, masses: bool = True) -> bool:
        try:
            self.follow(masses=masses)
        except SQLAlchemyError as problem:
            log.warning("follower_waits", error=type(problem).__name__)
            return False
        except Exception as problem:  # half a change may be in: only a whole new one is right
            log.error("index_lost", exc_info=problem)
            self._discard()
            return False
        return True

    def _load(self, session: Session, progress: Progress) -> None:
        """A whole generation, beside; who asks meanwhile is answered from the old one."""
        self._read_regions(session)
        index = self._opened(session, progress)
        before = index.snapshot
        position = self._put(session, index, progress.generation, index.position)
        changed = index.commit(position)
        old, self._index = self._index, index
        self._commit_at = inf
        self._generation, self._position = progress.generation, index.position
        self.understanding.follow_all(index.snapshot, {**before.digests(), **changed})
        if old is not None:
            old.close()
        self._shelf.clear(progress.generation)
        log.info("index_loaded", generation=progress.generation, notices=len(index.snapshot))

    def _opened(self, session: Session, progress: Progress) -> Index:
        """The index on disk, unless it is another read model's: then a new one."""
        index = self._shelf.open(progress.generation)
        known = select(func.count()).where(
            Card.generation == progress.generation, Card.is_open, Card.position <= index.position
        )
        if index.position <= progress.position and (session.scalar(known) or 0) <= len(
            index.snapshot
        ):
            return index
        log.warning("index_of_another_time", position=index.position)
        index.remove()
        return self._shelf.open(progress.generation)

    def _discard(self) -> None:
        if self._index is not None:
            self._index.remove()
        self._generation, self._index, self._commit_at = NOTHING, None, inf

    def _read_regions(self, session: Session) -> None:
        self._regions = partner_regions.read(session, PartnerRegion, own=self._regions.own)

    def _take_first(
        self, session: Session, index: Index, generation: int, names: Collection[str]
    ) -> None:
        """These, which somebody waits for; what was written before them is still to come."""
        cards = select(Card).where(Card.generation == generation, Card.name.in_(names))
        for card in session.scalars(cards):
            _take_card(index, card)
        self._show(index, index.position)
        session.expunge_all()

    def _take_all(self, session: Session, index: Index, progress: Progress) -> None:
        """What was written since the last time, in its order."""
        if progress.position == self._position:
            return
        is_masses = progress.position - self._position >= MASSES
        position = self._put(session, index, progress.generation, self._position)
        self._show(index, position)
        # Positions of other generations count too: what is before the newest we have seen.
        self._position = max(position, progress.position)
        self._read_regions(session)
        if is_masses:
            self._masses_at = time.monotonic() + MASSES_APART_S

    def _put(self, session: Session, index: Index, generation: int, after: int) -> int:
        """Put in what was written after a position; up to which that is now."""
        more = True
        while more:
            cards = session.scalars(
                select(Card)
                .where(Card.generation == generation, Card.position > after)
                .order_by(Card.position)
                .limit(BATCH)
            ).all()
            for card in cards:
                _take_card(index, card)
            after = cards[-1].position if cards else after
            more = len(cards) == BATCH
            session.expunge_all()
        return after

    def _show(self, index: Index, position: int) -> None:
        """Let what was put in be found: a few new ones at once, and committed soon; anything else is committed."""
        if not index.may_show:
            return self._commit(index, position)
        self._changes += 1
        self._commit_at = min(self._commit_at, time.monotonic() + self._soon_s)
        changed = index.show()
        self.understanding.follow(index.snapshot, changed)

    def _commit(self, index: Index, position: int) -> None:
        self._changes += 1
        self._commit_at = inf
        changed = index.commit(position)
        self.understanding.follow(index.snapshot, changed)


def _take_card(index: Index, card: Card) -> None:
    if not card.is_open:
        return index.drop(card.name)
    try:
        notice, place = pb.Notice.FromString(card.payload), Place.FromString(card.place or b"")
    except DecodeError:
        # One that is spoilt must not keep the others out. A rebuild brings it back.
        log.error("card_unreadable", notice=card.name)
        return index.drop(card.name)
    index.put(notice, place)
