"""The order of what was found, and the page of it that was asked for.

A page token names the last notice shown by what it was sorted by and its number, and the snapshot it
was ranked in: what comes or goes meanwhile moves nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from math import inf

from interchange.matching.v1 import matching_pb2 as pb
from tantivy import Query

from chassis.pages import write_token
from services.matching.distance import chord, point
from services.matching.index.queries import between, but_not, every, having, numbered
from services.matching.index.schema import NEVER, PLACE
from services.matching.index.snapshot import MOST_PLACES, Snapshot
from services.matching.paging import read_key

DEFAULT_SIZE = 20
Key = tuple[float, int]  # what it is sorted by, smaller first, and its number
START: Key = (-inf, 0)
# A notice without a place comes after all that have one; a squared chord is never longer than 4.
NOWHERE = 5.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: all of it as a query, and the best of it by relevance, each with its score."""

    query: Query
    scores: Mapping[int, float]
    is_all: bool = False  # whether all of it is scored


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
        return _nearest(snapshot, found.query, request, after, most)
    if request.sort == pb.CLOSING_SOON:
        return _by_moment(snapshot, found.query, "closes", after, most)
    if request.sort == pb.NEWEST or not found.scores:
        return _newest(snapshot, found.query, after, most)
    return _relevant(snapshot, found, after, most)


def _relevant(snapshot: Snapshot, found: Found, after: Key, most: int) -> list[Key]:
    """The best by their score, which is 0 to 1; then the others, newest first."""
    best = [(-score, number) for number, score in found.scores.items()]
    keys = _first(best, after, most)
    if len(keys) == most or found.is_all:
        return keys
    others = but_not(found.query, numbered(list(found.scores)))
    return keys + _newest(snapshot, others, after if after[0] > 0 else START, most - len(keys))


def _newest(snapshot: Snapshot, query: Query, after: Key, most: int) -> list[Key]:
    """By so much before the end of time: positive, so that it is no score."""
    first = between("published", last=NEVER - int(after[0])) if after != START else None
    asked = every((query, first)) if first else query
    moments = snapshot.ordered(asked, "published", most, newest_first=True)
    return _first(((float(NEVER - moment), number) for moment, number in moments), after, most)


def _by_moment(snapshot: Snapshot, query: Query, field: str, after: Key, most: int) -> list[Key]:
    asked = every((query, between(field, int(after[0])))) if after != START else query
    moments = snapshot.ordered(asked, field, most, newest_first=False)
    return _first(((float(moment), number) for moment, number in moments), after, most)


def _nearest(
    snapshot: Snapshot, query: Query, request: pb.SearchNoticesRequest, after: Key, most: int
) -> list[Key]:
    """Place by place, the nearest first, until there are enough; then those that are nowhere."""
    around = point(request.latitude, request.longitude)
    counts = snapshot.values(query, [PLACE], MOST_PLACES)[PLACE]
    places = sorted((chord(around, snapshot.places[key]), key) for key in counts)
    keys: list[Key] = []
    for away, key in places:
        if away < after[0]:
            continue
        there = snapshot.numbers(every((query, having(PLACE, [key]))), counts[key])
        keys += _first(((away, number) for number in there), after, most)
        if len(keys) >= most:
            return sorted(keys)[:most]
    nowhere = but_not(query, having(PLACE, list(counts)))
    there = snapshot.numbers(nowhere, snapshot.count(nowhere))
    return keys + _first(((NOWHERE, number) for number in there), after, most - len(keys))


def _first(keys: Iterable[Key], after: Key, most: int) -> list[Key]:
    return nsmallest(most, (key for key in keys if key > after))
