"""The workers: a thread for each partner, which visits it when poked, when it is time, and after failures later."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from threading import Event, Lock, Thread

import structlog
from sqlalchemy.exc import SQLAlchemyError

from chassis.errors import Error
from services.federation.protocol.poke import Handed, Poke
from services.federation.pulling.client import Unreachable
from services.federation.pulling.desk import Desk
from services.federation.pulling.pace import Budget, Circuit, Waits
from services.federation.pulling.visit import Crowd, Visitor

LOOK_EVERY_S = 1.0  # for partners that are new, or gone
DATABASE_AWAY_S = 2.0
# A partner that pokes without end is not visited without end.
LEAST_S = 0.02
OURSELVES = ""  # among those who have news
# A partner has one channel for all, one for us, and a few for groups.
MOST_CHANNELS = 16

log = structlog.get_logger(__name__)


class Worker:
    """Visits one partner."""

    def __init__(
        self, visitor: Visitor, waits: Waits, *, chance: Callable[[], float] = random.random
    ) -> None:
        self._visitor = visitor
        self._circuit = Circuit(waits)
        self._chance = chance
        self._bell = Event()
        self._lock = Lock()
        self._poked: dict[str, Handed | None] = {}
        self._stopping = False
        self.is_tried = False  # since we started: read up to its head, or found to be away
        self._thread = Thread(target=self._run, name=f"pull-{visitor.region}", daemon=True)

    def start(self) -> None:
        self._bell.set()
        self._thread.start()

    def stop(self) -> None:
        """End after the page in work."""
        self._stopping = True
        self._visitor.leave()
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join()
        self._visitor.close()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def is_greeted(self) -> bool:
        """Whether it was asked since we started how far it has read us, or does not answer."""
        return self._visitor.is_greeted

    def poke(self, poke: Poke) -> None:
        """The partner has news on a channel: it is there, whatever we thought of it."""
        with self._lock:
            if poke.channel in self._poked or len(self._poked) < MOST_CHANNELS:
                self._poked[poke.channel] = poke.handed
        self._circuit.heard()
        self._bell.set()

    def _run(self) -> None:
        while not self._stopping:
            self._visit()
            self.is_tried = True
            ended = time.monotonic()
            if self._stopping:
                return
            self._bell.wait(self._circuit.wait_s(time.monotonic(), self._chance()))
            self._bell.clear()
            time.sleep(max(ended + LEAST_S - time.monotonic(), 0.0))

    def _visit(self) -> None:
        with self._lock:
            poked, self._poked = self._poked, {}
        try:
            # What we missed while it was away may be on any of them.
            channels = () if self._circuit.failures else poked.keys()
            self._visitor.visit(channels, poked)
            self._circuit.heard()
        except Unreachable as problem:
            self._failed(problem.reason)
        except (SQLAlchemyError, Error) as problem:
            log.warning("pull_waits", partner=self._visitor.region, error=type(problem).__name__)
            self._circuit.failed(time.monotonic())
        except Exception as problem:  # a reader that died would be missed too late
            log.error("pull_failed", partner=self._visitor.region, exc_info=problem)
            self._circuit.failed(time.monotonic())
        finally:
            self._visitor.is_greeted = True  # one that is away must not keep us from the others

    def _failed(self, reason: str) -> None:
        self._circuit.failed(time.monotonic())
        if self._circuit.failures == 1:
            log.warning("partner_unreachable", partner=self._visitor.region, reason=reason)


class Pulling:
    """A worker for each partner that is exchanged with; new ones are noticed."""

    def __init__(
        self,
        desk: Desk,
        *,
        waits: Waits,
        hello_every_s: float,
        document_every_s: float,
        verify_per_s: int,
    ) -> None:
        """`verify_per_s`: entries of one partner that are verified in a second while others wait."""
        self._desk = desk
        self._waits = waits
        self._hello_every_s, self._document_every_s = hello_every_s, document_every_s
        self._verify_per_s = verify_per_s
        self._crowd = Crowd()
        self._workers: dict[str, Worker] = {}
        self._lock = Lock()
        self._has_looked = self._has_greeted = False
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="pulling", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End all, each after the page in work."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            workers = list(self._workers.values())
            self._workers.clear()
        for each in workers:
            each.stop()

    def poked(self, region: str, poke: Poke) -> None:
        """A partner says that it has news; how much is seen when it is read."""
        worker = self._workers.get(region)
        if worker is not None:
            worker.poke(poke)

    def have_news(self) -> None:
        """We have some ourselves, which waits for the same machine as what partners send."""
        self._crowd.had_news(OURSELVES)

    def is_recovering(self) -> bool:
        """Whether a partner that can be reached was not read up to its head since we started."""
        return not self._has_looked or any(not each.is_tried for each in self._workers.values())

    def has_greeted(self) -> bool:
        """Whether each partner that answers was asked, since we started, how far it has read us.

        Before that we can't know whether our logs are all that we have ever said.
        """
        if not self._has_greeted and self._has_looked:
            self._has_greeted = all(each.is_greeted for each in list(self._workers.values()))
        return self._has_greeted

    def _run(self) -> None:
        while True:
            try:
                self._look()
                self.has_greeted()  # for good: whoever is pinned later knows of us what we say now
            except SQLAlchemyError as problem:
                log.warning("pulling_waits", error=type(problem).__name__)
            if self._stopping.wait(LOOK_EVERY_S):
                return

    def _look(self) -> None:
        wanted = set(self._desk.partners())
        with self._lock:
            gone = [self._workers.pop(region) for region in set(self._workers) - wanted]
            for region in wanted - set(self._workers):
                self._workers[region] = self._begun(region)
        self._has_looked = True
        for each in gone:
            each.stop()

    def _begun(self, region: str) -> Worker:
        visitor = Visitor(
            self._desk,
            region,
            self._hello_every_s,
            self._document_every_s,
            self._crowd,
            Budget(self._verify_per_s),
        )
        worker = Worker(visitor, self._waits)
        worker.start()
        return worker
