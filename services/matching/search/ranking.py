"""The order of what was found, and the page of it that was asked for.

A page token names the last notice shown by what it was sorted by and its number, and the snapshot it
was ranked in: what comes or goes meanwhile moves nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from math import inf

import numpy as np
from interchange.matching.v1 import matching_pb2 as pb
from numpy.typing import NDArray
from pyroaring import BitMap

from chassis.pages import write_token
from services.matching.distance import chord, point
from services.matching.index.schema import NEVER, PLACE
from services.matching.index.sets import Sets
from services.matching.index.snapshot import Snapshot
from services.matching.paging import read_key

DEFAULT_SIZE = 20
Values = NDArray[np.int64] | NDArray[np.float64]
Numbers = NDArray[np.int64]
Key = tuple[float, int]  # what it is sorted by, smaller first, and its number
START: Key = (-inf, 0)
# A notice without a place comes after all that have one; a squared chord is never longer than 4.
NOWHERE = 5.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, and the best of it by relevance: their numbers, each with its score."""

    rows: BitMap
    scores: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Page:
    """Numbers in order, and the token of the next page."""

    numbers: Sequence[int]
    next_page_token: str


def place_in(token: str, scope: str) -> tuple[Key, int]:
    """After which key a page begins, and the stamp of the snapshot that the listing began on."""
    if not token:
        return START, 0
    value, number, stamp = read_key(token, scope, float, int, int)
    return (value, number), stamp


def page(
    snapshot: Snapshot, found: Found, request: pb.SearchNoticesRequest, after: Key, scope: str
) -> Page:
    """The page after a key."""
    size = request.page_size or DEFAULT_SIZE
    keys = _keys(snapshot, found, request, after, size + 1)
    token = write_token((*keys[size - 1], snapshot.stamp), scope) if len(keys) > size else ""
    return Page([number for _, number in keys[:size]], token)


def _keys(
    snapshot: Snapshot, found: Found, request: pb.SearchNoticesRequest, after: Key, most: int
) -> list[Key]:
    if request.sort == pb.NEAREST:
        return _nearest(snapshot, found.rows, request, after, most)
    if request.sort == pb.CLOSING_SOON:
        return _closing_soon(snapshot.sets, found.rows, after, most)
    if request.sort == pb.NEWEST or not found.scores:
        return _newest(snapshot.sets, found.rows, after, most)
    return _relevant(snapshot.sets, found, after, most)


def _relevant(sets: Sets, found: Found, after: Key, most: int) -> list[Key]:
    """The best by their score, which is 0 to 1; then the others, newest first."""
    best = ((-score, number) for number, score in found.scores.items())
    keys = nsmallest(most, (key for key in best if key > after))
    if len(keys) == most or len(found.scores) == len(found.rows):
        return keys
    others = found.rows - BitMap(sets.numbered(found.scores).values())
    return keys + _newest(sets, others, after if after[0] > 0 else START, most - len(keys))


def _newest(sets: Sets, rows: BitMap, after: Key, most: int) -> list[Key]:
    """By so much before the end of time: positive, so that it is no score."""
    return _first(NEVER - sets.numbers(rows, "published"), sets.numbers(rows), after, most)


def _closing_soon(sets: Sets, rows: BitMap, after: Key, most: int) -> list[Key]:
    return _first(sets.numbers(rows, "closes"), sets.numbers(rows), after, most)


def _nearest(
    snapshot: Snapshot, rows: BitMap, request: pb.SearchNoticesRequest, after: Key, most: int
) -> list[Key]:
    """Place by place, the nearest first, until there are enough; then those that are nowhere."""
    around, sets = point(request.latitude, request.longitude), snapshot.sets
    keys: list[Key] = []
    for away, key in sorted((chord(around, each), key) for key, each in snapshot.places.items()):
        there = rows & sets.having(PLACE, [key])
        keys += _all_at(away, sets.numbers(there), after, most)
        rows = rows - there
        if len(keys) >= most:
            return sorted(keys)[:most]
    return keys + _all_at(NOWHERE, sets.numbers(rows), after, most - len(keys))


def _all_at(away: float, numbers: Numbers, after: Key, most: int) -> list[Key]:
    return _first(np.full(len(numbers), away), numbers, after, most)


def _first(values: Values, numbers: Numbers, after: Key, most: int) -> list[Key]:
    """The smallest keys, by value and then by number, that come after this one."""
    later = (values > after[0]) | ((values == after[0]) & (numbers > after[1]))
    values, numbers = values[later], numbers[later]
    if len(values) > most:
        early = values <= np.partition(values, most - 1)[most - 1]
        values, numbers = values[early], numbers[early]
    order = np.lexsort((numbers, values))[:most]
    return [
        (float(value), int(number))
        for value, number in zip(values[order], numbers[order], strict=True)
    ]
