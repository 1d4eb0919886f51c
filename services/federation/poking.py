"""Telling partners that there is news: at once, of much at most ten times a second. It may be lost: they also ask.

Little comes with the poke itself: who is told needn't ask for it, which would be half of the way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event, Lock, Thread

import orjson
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.clock import now
from chassis.database import Database
from chassis.errors import Error
from chassis.pacing import Spread
from services.federation.log.feed import Reader, heads
from services.federation.partners.models import EXCHANGING, Partner
from services.federation.protocol.keys import SigningKey
from services.federation.protocol.poke import MAX_POKE_BYTES, POKE_BYTES, Handed, Poke
from services.federation.pulling.client import PartnerClient, Unreachable

APART_S = 0.1
FEW = 5
AT_ONCE = 8
LITTLE = 20  # entries; more is asked for, at the pace of whoever reads

Place = tuple[int, int]  # epoch and head
NOWHERE: Place = (0, 0)

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
        may_hand: Callable[[], bool] = lambda: True,
    ) -> None:
        """`may_hand`: whether our logs are known to be whole; before that we serve nothing of them."""
        self._read = database.read
        self._signer = signer
        self._region = region
        self._development = development
        self._may_hand = may_hand
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

    def _news(self) -> Iterable[tuple[str, str, Sequence[Poke]]]:
        """What each partner was not told yet."""
        with self._read() as session:
            exchanging = session.scalars(select(Partner).where(Partner.state.in_(EXCHANGING))).all()
            for partner in exchanging:
                names = [*partner.channels, f"to.{partner.region}"]
                places = {
                    name: (each["epoch"], each["head"])
                    for name, each in heads(session, names).items()
                }
                news = [
                    self._poke_of(session, partner, name, place)
                    for name, place in places.items()
                    if self._told.get((partner.region, name)) != place
                ]
                if news:
                    yield partner.region, partner.url, news

    def _poke_of(self, session: Session, partner: Partner, name: str, place: Place) -> Poke:
        """With what came since the partner was told the last time, if that is little and it takes that."""
        bare = Poke(name, *place)
        most = min(partner.read_document().limits.get(POKE_BYTES, 0), MAX_POKE_BYTES)
        if most <= 0:
            return bare
        poke = replace(bare, handed=self._handed(session, partner, name, place))
        return poke if len(orjson.dumps(poke.to_json())) <= most else bare

    def _handed(self, session: Session, partner: Partner, name: str, place: Place) -> Handed | None:
        epoch, after = self._told.get((partner.region, name), NOWHERE)
        if epoch != place[0] or not 0 < place[1] - after <= LITTLE or not self._may_hand():
            return None
        reader = Reader(self._region, self._signer(), now())
        try:
            page = reader.feed(session, name, epoch=epoch, after=after, limit=LITTLE)
        except Error:  # the log begins anew at this very moment
            return None
        return Handed(epoch, after, page)

    def _poke(self, region: str, url: str, news: Sequence[Poke]) -> None:
        try:
            client = self._client(region, url)
            for each in news:
                client.poke(each)
        except Unreachable as problem:
            log.info("poke_lost", partner=region, reason=problem.reason)
        except Exception as problem:
            log.error("poke_failed", partner=region, exc_info=problem)
        finally:
            self._done(region, news)

    def _done(self, region: str, news: Sequence[Poke]) -> None:
        """Told, or lost: whoever was away asks by itself. What came meanwhile is told next."""
        with self._lock:
            self._told |= {(region, each.channel): (each.epoch, each.head) for each in news}
            self._busy.discard(region)
        self._bell.set()

    def _client(self, region: str, url: str) -> PartnerClient:
        found = self._clients.get(region)
        if found is None or found.url != url.rstrip("/"):
            found = PartnerClient(self._region, url, self._signer, development=self._development)
            self._clients[region] = found
        return found
