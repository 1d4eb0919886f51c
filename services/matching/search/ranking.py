"""The order of what was found, and the page of it that was asked for."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from interchange.matching.v1 import matching_pb2 as pb

from chassis.pages import write_token
from services.matching.distance import Point, chord, point
from services.matching.index.catalogue import Catalogue
from services.matching.paging import read_key

DEFAULT_SIZE = 20


@dataclass(frozen=True, slots=True)
class Ranked:
    """A page of numbers in order, and the token of the next one."""

    numbers: Sequence[int]
    next_page_token: str


def page(
    catalogue: Catalogue,
    numbers: Sequence[int],
    request: pb.SearchNoticesRequest,
    scores: Mapping[int, float],
    scope: str,
) -> Ranked:
    """The page after the token's place. Sorted are only those that may be on it.

    The place is a value and a name: what is added or taken away meanwhile moves nothing else, save
    that relevance depends a little on what else there is.
    """
    value = _value(catalogue, request, scores)
    valued = [(value(number), number) for number in numbers]
    if request.page_token:
        after = read_key(request.page_token, scope, float, str)
        valued = [
            each
            for each in valued
            if each[0] >= after[0] and (each[0], catalogue.notices[each[1]].name) > after
        ]
    size = request.page_size or DEFAULT_SIZE
    best = _best(catalogue, valued, size + 1)
    shown = best[:size]
    token = write_token(shown[-1][:2], scope) if len(best) > size else ""
    return Ranked([number for *_, number in shown], token)


def _best(
    catalogue: Catalogue, valued: Sequence[tuple[float, int]], most: int
) -> Sequence[tuple[float, str, int]]:
    """The smallest, in order; of equals the name decides."""
    edge = max(heapq.nsmallest(most, (value for value, _ in valued)), default=inf)
    near = [(v, catalogue.notices[n].name, n) for v, n in valued if v <= edge]
    return heapq.nsmallest(most, near)


def _value(
    catalogue: Catalogue, request: pb.SearchNoticesRequest, scores: Mapping[int, float]
) -> Callable[[int], float]:
    """What to sort by: smaller comes first."""
    facts = catalogue.facts
    if request.sort == pb.NEAREST:
        around = point(request.latitude, request.longitude)
        return lambda number: _or_last(facts[number].point, around)
    if request.sort == pb.CLOSING_SOON:
        return lambda number: facts[number].closes
    if request.sort == pb.NEWEST or not scores:
        return lambda number: -facts[number].published
    return lambda number: -scores[number]


def _or_last(place: Point | None, around: Point) -> float:
    return inf if place is None else chord(place, around)
