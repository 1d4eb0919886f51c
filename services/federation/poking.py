"""Telling partners that there is news: at once, of much at most ten times a second. It may be lost: they also ask."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock, Thread

import structlog
from sqlalchemy import select

from chassis.database import Database
from chassis.pacing import Spread
from services.federation.log.feed import heads
from services.federation.partners.models import EXCHANGING, Partner
from services.federation.protocol.keys import SigningKey
from services.federation.pulling.client import PartnerClient, Unreachable

APART_S = 0.1
FEW = 5
AT_ONCE = 8

Place = tuple[int, int]  # epoch and head

log = structlog.get_logger(__name__)


class Pokes:
    """Pokes each partner that reads a channel which has moved. One that does not answer holds nobody up."""

    def __init__(
        self,
        database: Database,
        signer: Callable[[], SigningKey],
        *,
        region: str,
        development: bool,
    ) -> None:
        self._read = database.read
        self._signer = signer
        self._region = region
        self._development = development
        self._bell = Event()
        self._stopping = Event()
        self._lock = Lock()
        self._spread = Spread(apart_s=APART_S, few=FEW)
        self._told: dict[tuple[str, str], Place] = {}
        self._busy: set[str] = set()
        self._clients: dict[str, PartnerClient] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="poke")
        self._thread = Thread(target=self._run, name="pokes", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def moved(self) -> None:
        """A log of ours is longer than it was."""
        self._bell.set()

    def _run(self) -> None:
        while True:
            self._bell.wait()
            if self._stopping.is_set():
                return
            self._bell.clear()
            try:
                if self._poke_all():
                    self._stopping.wait(self._spread.pause_s(time.monotonic()))
            except Exception as problem:  # partners would hear of news half a minute later
                log.error("pokes_failed", exc_info=problem)
                self._stopping.wait(APART_S)

    def _poke_all(self) -> bool:
        """Whether anybody was told anything."""
        told = False
        for region, url, news in self._news():
            with self._lock:
                if region in self._busy:  # it is told of all when it has answered
                    continue
                self._busy.add(region)
            self._pool.submit(self._poke, region, url, news)
            told = True
        return told

    def _news(self) -> Iterable[tuple[str, str, Mapping[str, Place]]]:
        """What each partner was not told yet."""
        with self._read() as session:
            exchanging = session.scalars(select(Partner).where(Partner.state.in_(EXCHANGING))).all()
            for partner in exchanging:
                names = [*partner.channels, f"to.{partner.region}"]
                now = {
                    name: (each["epoch"], each["head"])
                    for name, each in heads(session, names).items()
                }
                news = {
                    name: place
                    for name, place in now.items()
                    if self._told.get((partner.region, name)) != place
                }
                if news:
                    yield partner.region, partner.url, news

    def _poke(self, region: str, url: str, news: Mapping[str, Place]) -> None:
        try:
            client = self._client(region, url)
            for name, (epoch, head) in news.items():
                client.poke({"channel": name, "epoch": epoch, "head": head})
        except Unreachable as problem:
            log.info("poke_lost", partner=region, reason=problem.reason)
        except Exception as problem:
            log.error("poke_failed", partner=region, exc_info=problem)
        finally:
            self._done(region, news)

    def _done(self, region: str, news: Mapping[str, Place]) -> None:
        """Told, or lost: whoever was away asks by itself. What came meanwhile is told next."""
        with self._lock:
            self._told |= {(region, name): place for name, place in news.items()}
            self._busy.discard(region)
        self._bell.set()

    def _client(self, region: str, url: str) -> PartnerClient:
        found = self._clients.get(region)
        if found is None or found.url != url.rstrip("/"):
            found = PartnerClient(self._region, url, self._signer, development=self._development)
            self._clients[region] = found
        return found
