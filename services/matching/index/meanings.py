"""The notices' vectors in memory, some for each, and which are nearest to another vector.

A notice is as near as the nearest of its vectors. Of few all are multiplied. Of many each is first
compared by the signs of its numbers, a bit for each: who differs in too many cannot be near, and
only the others are multiplied. A graph of neighbours would be no faster, and worse to change.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from math import acos, pi, sqrt
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from services.matching.text.comparing import Halves, differences, products, signs_of
from services.matching.text.encoder import Vectors

FIRST_ROWS = 1024
NOBODY = 0
FEW = 20_000  # vectors; below it signs would save less than a millisecond
# Two vectors at an angle differ in that share of half a circle of their signs, give or take. Of those
# that are as near as was asked one in a thousand is further beyond it than this (13,900 skills, 150 queries).
DEVIATIONS = 2
MOST_MULTIPLIED = 4_000


class Meanings:
    """Vectors of one encoder by the notices' numbers, so many for each. Any thread may use it."""

    def __init__(self, dimensions: int, parts: int) -> None:
        self._lock = Lock()
        self._parts = parts
        self._rows: Halves = np.zeros((FIRST_ROWS, parts, dimensions), np.float16)
        self._signs = signs_of(self._rows)
        self._gathering = self._rows[:0].reshape(0, dimensions)
        self._ids = np.zeros(FIRST_ROWS, np.int64)
        self._places: dict[int, int] = {}
        self._digests: dict[int, bytes] = {}
        self._free: list[int] = []
        self._changes = 0

    def __len__(self) -> int:
        return len(self._places)

    @property
    def changes(self) -> int:
        """How often a vector has come or gone."""
        return self._changes

    def lacks(self, number: int, digest: bytes) -> bool:
        """Whether it has no vectors of these texts."""
        return self._digests.get(number) != digest

    def digest(self, number: int) -> bytes | None:
        """The hash of the texts that its vectors are of."""
        return self._digests.get(number)

    def put(self, number: int, digest: bytes, vectors: Vectors | Halves) -> None:
        """Its vectors from now on, (parts, dimensions), of the texts with this hash."""
        with self._lock:
            place = self._places.get(number)
            if place is None:
                place = self._free.pop() if self._free else len(self._places)
                self._make_room(place)
            self._places[number], self._digests[number] = place, digest
            self._write(place, vectors, number)

    def drop(self, number: int) -> None:
        with self._lock:
            place = self._places.pop(number, None)
            if place is None:
                return
            del self._digests[number]
            self._write(place, np.zeros_like(self._rows[place]), NOBODY)
            self._free.append(place)

    def keep(self, numbers: Collection[int]) -> None:
        """Only these."""
        for number in set(self._places) - set(numbers):
            self.drop(number)

    def nearest(self, vector: Vectors, *, at_least: float, most: int) -> dict[int, float]:
        """Numbers whose product with the vector is that much at least, best first, each with its product."""
        with self._lock:
            flat = self._flat()
            likely = self._likely(vector, at_least)
            rows = flat if likely is None else self._gathered(flat, likely)
            nearness = products(rows, vector)
            near = _best(nearness, at_least, most * self._parts)
            ids = self._ids[(near if likely is None else likely[near]) // self._parts]
        found: dict[int, float] = {}
        for number, product in zip(ids.tolist(), nearness[near].tolist(), strict=True):
            found.setdefault(number, product)
        return dict(islice(found.items(), most))

    def _flat(self) -> Halves:
        """The vectors that are used, one below the other."""
        used = len(self._places) + len(self._free)
        return self._rows[:used].reshape(-1, self._rows.shape[2])

    def _gathered(self, flat: Halves, likely: NDArray[np.intp]) -> Halves:
        """Those, where those of the last question were: fresh memory, given page by page, costs four times as much."""
        if len(self._gathering) < len(likely):
            self._gathering = np.empty((len(likely) * 3 // 2, flat.shape[1]), np.float16)
        gathered: Halves = self._gathering[: len(likely)]
        return flat.take(likely, axis=0, out=gathered, mode="clip")

    def _likely(self, vector: Vectors, at_least: float) -> NDArray[np.intp] | None:
        """Which of them may be that near: by their signs, the likeliest when they are many; None: any."""
        if len(self._places) * self._parts <= FEW:
            return None
        different = differences(self._signs[:, : len(self._flat())], vector)
        share = acos(at_least) / pi
        count = len(vector)
        most = int(count * share + DEVIATIONS * sqrt(count * share * (1 - share)))
        likeliest = int(np.partition(different, MOST_MULTIPLIED)[MOST_MULTIPLIED])
        return np.flatnonzero(different <= min(most, likeliest))

    def vector(self, number: int) -> Vectors | None:
        """The middle of its own, of length 1; None as long as it has none."""
        with self._lock:
            place = self._places.get(number)
            if place is None:
                return None
            middle: Vectors = self._rows[place].astype(np.float32).sum(axis=0)
        length = float(np.linalg.norm(middle))
        return middle / length if length else None

    def products(self, vector: Vectors, numbers: Sequence[int]) -> Mapping[int, float]:
        """Of those of these that have a vector its product with this one."""
        with self._lock:
            known = [number for number in numbers if number in self._places]
            rows = self._rows[[self._places[number] for number in known]]
        nearness = products(rows.reshape(-1, rows.shape[2]), vector)
        nearest = nearness.reshape(-1, self._parts).max(axis=1, initial=-1)
        return dict(zip(known, nearest.tolist(), strict=True))

    def _write(self, place: int, vectors: Vectors | Halves, number: int) -> None:
        self._changes += 1
        self._rows[place], self._ids[place] = vectors, number
        its = slice(place * self._parts, (place + 1) * self._parts)
        self._signs[:, its] = signs_of(self._rows[place])

    def _make_room(self, place: int) -> None:
        if place < len(self._rows):
            return
        # By half, not twofold: of a hundred thousand rows each spare one costs as much as a used one.
        room = len(self._rows) * 3 // 2
        rows = np.zeros((room, *self._rows.shape[1:]), np.float16)
        rows[: len(self._rows)] = self._rows
        more = room - len(self._rows)
        self._signs = np.pad(self._signs, ((0, 0), (0, more * self._parts)))
        self._rows, self._ids = rows, np.pad(self._ids, (0, more))


def _best(nearness: Vectors, at_least: float, most: int) -> NDArray[np.intp]:
    """Where the largest are, the largest first, of those that are so large at least."""
    if len(nearness) > most:
        at_least = max(at_least, float(np.partition(nearness, -most)[-most]))
    near = np.flatnonzero(nearness >= at_least)
    return near[np.argsort(-nearness[near], kind="stable")][:most]
