"""Gives notices their vectors, beside: what was just published is found by its words at once, by its meaning soon."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from threading import Event, Lock, Thread

import numpy as np
import structlog
from sqlalchemy.exc import SQLAlchemyError

from chassis.database import Database
from services.matching.index.meanings import Meanings
from services.matching.index.schema import meanings_of
from services.matching.index.snapshot import Snapshot
from services.matching.text.encoder import Encoder, Quality, Vectors
from services.matching.text.patient import Patient
from services.matching.text.vectors import DIGEST, Cache

# A third of a second of encoding: so long the newest may have to wait for older ones.
BATCH = 32
# Whoever publishes looks for it at once, here and in other regions, and finds it by its words. That goes first.
SETTLE_S = 0.5
# While masses come, meanings wait: encoding them costs several times as much as all the rest.
MASSES = 20
CALM_S = 2.0  # without them, that is
LONGEST_S = 60.0
# Queries come again, page by page and choice by choice.
QUERIES_KEPT = 1_000
NEAR_KEPT = (
    100  # of the last of them also what is near, in some kilobytes each, until vectors change
)
AWAY_S = 1.0
ASKED = 500  # of the cache, in one go
PARTS = 2  # texts of a notice that have a vector each

log = structlog.get_logger(__name__)


class Understanding:
    """The encoder, once it is there, and the vectors of all notices by it."""

    def __init__(self, database: Database, load: Callable[[], Encoder | None]) -> None:
        self._database = database
        self._load = load
        self._encoder: Encoder | None = None
        self._cache: Cache | None = None
        self._meanings: Meanings | None = None
        self._lock = Lock()
        self._wanted: dict[int, bytes] = {}  # what lacks its vectors, the newest last
        self._stale: list[bytes] = []
        self._snapshot: Snapshot | None = None
        self._queries: dict[str, Vectors] = {}
        self._near: dict[tuple[str, float, int], tuple[int, Sequence[int]]] = {}
        self._calm_at = 0.0
        self._bell = Event()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="understanding", daemon=True)

    @property
    def quality(self) -> Quality.ValueType:
        """How well a question is understood at the moment."""
        return Quality.WORDS if self._encoder is None else self._encoder.quality

    @property
    def encoder(self) -> Encoder | None:
        """None until it is loaded, or when its files are not there."""
        return self._encoder

    @property
    def meanings(self) -> Meanings | None:
        """The notices' vectors by this encoder; None as long as there is none."""
        return self._meanings

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join()

    def vector_of(self, query: str) -> Vectors | None:
        """What somebody looks for, in some milliseconds; None without an encoder or without words."""
        encoder = self._encoder
        if encoder is None or not query.strip():
            return None
        known = self._queries.get(query)
        if known is None:
            # By nobody's cache: what people look for is not kept.
            known = encoder.encode([query])[0]
            if len(self._queries) >= QUERIES_KEPT:
                self._queries.clear()
            self._queries[query] = known
        return known

    def near(self, query: str, *, at_least: float, most: int) -> Sequence[int]:
        """Numbers of the notices that mean about the same, the nearest first."""
        vector, meanings = self.vector_of(query), self._meanings
        if vector is None or meanings is None:
            return ()
        asked, changes = (query, at_least, most), meanings.changes
        known = self._near.get(asked)
        if known is None or known[0] != changes:
            known = changes, tuple(meanings.nearest(vector, at_least=at_least, most=most))
            if len(self._near) >= NEAR_KEPT:
                self._near.clear()
            self._near[asked] = known
        return known[1]

    def follow(self, snapshot: Snapshot, changed: Mapping[int, bytes | None]) -> None:
        """These notices have another text now, by its hash, or are gone; the snapshot knows them."""
        if len(changed) >= MASSES:
            self._calm_at = time.monotonic() + CALM_S
        with self._lock:
            self._snapshot = snapshot
            for number, digest in changed.items():
                self._follow_one(number, digest)
        self._bell.set()

    def follow_all(self, snapshot: Snapshot, digests: Mapping[int, bytes | None]) -> None:
        """Another index: nothing but what is in it, by the hashes of the texts."""
        with self._lock:
            self._snapshot = snapshot
            there = {n: digest for n, digest in digests.items() if digest is not None}
            if self._meanings is not None:
                self._meanings.keep(there)
            self._wanted = {n: digest for n, digest in there.items() if self._lacks(n, digest)}
        self._bell.set()

    def load(self) -> None:
        """Have the encoder. Called beside: it takes some tenths of a second."""
        encoder = self._load()
        if encoder is None:
            return
        self._cache = Cache(self._database, Patient(encoder, self._stopping.wait))
        self._meanings = Meanings(encoder.dimensions, PARTS)
        self._encoder = encoder

    def step(self) -> bool:
        """Understand some notices, the newest first; whether there were any."""
        cache, meanings = self._cache, self._meanings
        if cache is None or meanings is None:
            return False
        self._forget_stale(cache)
        batch, snapshot = self._next()
        if not batch or snapshot is None:
            return False
        known = cache.known([part for digest in batch.values() for part in _parted(digest)])
        whole = {n: d for n, d in batch.items() if all(part in known for part in _parted(d))}
        self._keep({n: (d, np.stack([known[p] for p in _parted(d)])) for n, d in whole.items()})
        missing = [number for number in batch if number not in whole]
        for start in range(0, len(missing), BATCH):
            self._encode(cache, snapshot, missing[start : start + BATCH], batch)
            if self._stopping.is_set():
                break
        return True

    def _encode(
        self, cache: Cache, snapshot: Snapshot, numbers: Sequence[int], digests: dict[int, bytes]
    ) -> None:
        found = snapshot.find(numbers)
        texts = [text for notice, _ in found.values() for text in meanings_of(notice)]
        vectors = cache.encode(texts).reshape(len(found), PARTS, -1)
        self._keep({n: (digests[n], v) for n, v in zip(found, vectors, strict=True)})

    def _keep(self, vectors: dict[int, tuple[bytes, Vectors]]) -> None:
        """Those that nobody has changed or dropped since."""
        with self._lock:
            for number, (digest, vector) in vectors.items():
                if self._meanings is not None and self._wanted.get(number) == digest:
                    self._meanings.put(number, digest, vector)
                    del self._wanted[number]

    def _next(self) -> tuple[dict[int, bytes], Snapshot | None]:
        with self._lock:
            return dict(islice(reversed(self._wanted.items()), ASKED)), self._snapshot

    def _lacks(self, number: int, digest: bytes) -> bool:
        return self._meanings is None or self._meanings.lacks(number, digest)

    def _follow_one(self, number: int, digest: bytes | None) -> None:
        """What it said before is forgotten, in memory and, at the next step, in the cache."""
        old = self._meanings.digest(number) if self._meanings is not None else None
        if self._meanings is not None and old is not None and old != digest:
            self._meanings.drop(number)
            self._stale += _parted(old)
        self._wanted.pop(number, None)
        if digest is not None and self._lacks(number, digest):
            self._wanted[number] = digest

    def _forget_stale(self, cache: Cache) -> None:
        with self._lock:
            stale, self._stale = self._stale, []
        cache.forget(stale)

    def _await_calm(self) -> None:
        """While masses come; not for ever."""
        give_up = time.monotonic() + LONGEST_S
        while not self._stopping.is_set():
            wait_s = min(self._calm_at, give_up) - time.monotonic()
            if wait_s <= 0:
                return
            self._stopping.wait(wait_s)

    def _run(self) -> None:
        if self._encoder is None:
            self.load()
        while not self._stopping.is_set():
            self._await_calm()
            try:
                more = self.step()
            except SQLAlchemyError as problem:
                log.warning("understanding_waits", error=type(problem).__name__)
                more = False
                self._stopping.wait(AWAY_S)
            except Exception as problem:  # who understands no more must not look as if all was well
                log.error("understanding_failed", exc_info=problem)
                more = False
                self._stopping.wait(AWAY_S)
            if not more:
                self._bell.wait(AWAY_S)
                self._bell.clear()
                self._stopping.wait(SETTLE_S)


def _parted(digest: bytes) -> Sequence[bytes]:
    """The hashes of the texts, of which that of the notice is made."""
    return [digest[start : start + DIGEST] for start in range(0, PARTS * DIGEST, DIGEST)]
