"""The order of what was found, and the page of it that was asked for."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1.notices_pb2 import Notice

from chassis.pages import read_token, write_token
from services.matching.search.filters import distance

DEFAULT_SIZE = 20
ROUNDED = 6  # digits of what is sorted by: a token gives exactly it back

# Smaller comes first; the name makes it unique.
Key = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A page of numbers in order, and the token of the next one."""

    numbers: Sequence[int]
    next_page_token: str


def page(
    notices: Mapping[int, Notice],
    numbers: Sequence[int],
    request: pb.SearchNoticesRequest,
    scores: Mapping[int, float],
    scope: str,
) -> Ranked:
    """The page after the token's place. What is added or taken away meanwhile moves nothing else."""
    value = _value(request, scores)
    keyed = [((round(value(n, notices[n]), ROUNDED), notices[n].name), n) for n in numbers]
    if request.page_token:
        after = _read(request.page_token, scope)
        keyed = [each for each in keyed if each[0] > after]
    size = request.page_size or DEFAULT_SIZE
    best = heapq.nsmallest(size + 1, keyed)
    shown = best[:size]
    token = write_token(shown[-1][0], scope) if len(best) > size else ""
    return Ranked([number for _, number in shown], token)


def _read(token: str, scope: str) -> Key:
    value, name = read_token(token, scope, 2)
    return float(str(value)), str(name)


def _value(
    request: pb.SearchNoticesRequest, scores: Mapping[int, float]
) -> Callable[[int, Notice], float]:
    if request.sort == pb.NEAREST:
        return lambda _, notice: _or_last(distance(notice, request))
    if request.sort == pb.CLOSING_SOON:
        return lambda _, notice: float(notice.close_time.seconds)
    if request.sort == pb.NEWEST or not scores:
        return lambda _, notice: -(notice.publish_time.seconds + notice.publish_time.nanos / 1e9)
    return lambda number, _: -scores[number]


def _or_last(away: float | None) -> float:
    return inf if away is None else away
