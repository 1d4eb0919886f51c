"""The best pairs: as many as can be, of those as few changed as can be, then the best worst pair, then the best sum."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from services.matching.pairing import one_pool, two_sided
from services.matching.pairing.graph import Graph, Matching, Prices, chosen
from services.matching.pairing.pool import Bools, Ints

Worth = NDArray[np.int64]
LOOKS = (15, 40, 120)  # possible pairs a person among which we look first: most searches end there


@dataclass(frozen=True)
class Solution:
    """The pairs, and three proofs, which `verifying` checks."""

    matching: Matching
    pairs: int
    kept: int  # of the pairs published before
    worst: int  # points of the worst pair that was not; of none: one more than any pair has
    total: int  # points of all pairs
    most: Prices  # no choice has more pairs, nor as many and more of those published
    worst_of: Prices  # none does so whose new pairs are all better than `worst`
    best: Prices  # of those whose new pairs are at least as good as `worst`, none has a higher sum


def solve(graph: Graph) -> Solution:
    """Deterministic: the same graph gives the same pairs."""
    target, most = _most(graph)
    worst, worst_of = _raise_worst(graph, target)
    good = graph.at_least(worst)
    worth = full_worth(good, step=step_of(graph))
    matching = _engine(graph).best(good, worth)
    taken = chosen(good, matching)
    return Solution(
        matching=matching,
        pairs=int(np.count_nonzero(taken)),
        kept=int(np.count_nonzero(taken & good.is_kept)),
        worst=worst,
        total=int(good.points[taken].sum()),
        most=most,
        worst_of=worst_of,
        best=_engine(graph).prices(good, worth, matching),
    )


def worth_of_pairs(graph: Graph) -> Worth:
    """Each pair counts for more than all that were published before, and one of those for one more."""
    kept = int(np.count_nonzero(graph.is_kept))
    return kept + 1 + graph.is_kept.astype(np.int64)


def step_of(graph: Graph) -> int:
    """More points than any choice of pairs has."""
    return (int(graph.points.max(initial=0)) + 1) * (graph.size // 2 + 1)


def full_worth(graph: Graph, *, step: int) -> Worth:
    """As `worth_of_pairs`, and after that the points."""
    return worth_of_pairs(graph) * step + graph.points


def _engine(graph: Graph) -> ModuleType:
    return one_pool if graph.is_first is None else two_sided


def _reach(graph: Graph) -> tuple[int, Matching]:
    """What can be had of pairs and of those published."""
    worth = worth_of_pairs(graph)
    has_kept = bool(np.any(graph.is_kept))
    engine = _engine(graph)
    matching = engine.best(graph, worth) if has_kept else engine.most(graph)
    return int(worth[chosen(graph, matching)].sum()), matching


def _most(graph: Graph) -> tuple[int, Prices]:
    """As `_reach`, proved. Where a side is paired whole with its best few, nobody looks at the rest."""
    ceiling = None if graph.is_first is None else _ceiling(graph, graph.is_first)
    if ceiling and not np.any(graph.is_kept):
        target = round(ceiling.bound(graph))
        if _least(graph, target):
            return target, ceiling
    reached, matching = _reach(graph)
    return reached, _engine(graph).prices(graph, worth_of_pairs(graph), matching)


def _least(graph: Graph, target: int) -> int:
    """Points with which the target is reached still, found among the best few of each; 0: not found there."""
    for few in LOOKS:
        least = _threshold(graph, few * graph.size)
        if _reach(graph.at_least(least))[0] >= target:
            return least
    return 0


def _ceiling(graph: Graph, is_first: Bools) -> Prices:
    """No more pairs than people of the smaller side who have anybody to meet, within their quotas."""
    return min((_side(graph, side) for side in (is_first, ~is_first)), key=lambda p: p.bound(graph))


def _side(graph: Graph, side: Bools) -> Prices:
    has_any = np.zeros(graph.size, np.bool_)
    has_any[graph.one] = has_any[graph.other] = True
    people = has_any & side
    whose = graph.organisation[people]
    members = np.bincount(whose[whose >= 0], minlength=len(graph.quota))
    is_over = (graph.quota >= 0) & (members > graph.quota)
    in_seats = np.append(is_over, False)[graph.organisation]  # the last one is for no organisation
    return Prices((people & ~in_seats).astype(float), is_over.astype(float))


def _threshold(graph: Graph, pairs: int) -> int:
    """Points that so many of the new pairs have at least; 0 where there are no more."""
    having = np.bincount(graph.points[~graph.is_kept])
    at_least = np.cumsum(having[::-1])[::-1]
    enough = np.flatnonzero(at_least >= pairs)
    return int(enough[-1]) if len(enough) else 0


def _raise_worst(graph: Graph, target: int) -> tuple[int, Prices]:
    """The highest points that all new pairs can have with as much reached, and prices that say no to more."""
    graph = graph.at_least(_least(graph, target))
    worst = _search(graph, _steps(graph), target)
    better = graph.at_least(worst + 1)
    _, matching = _reach(better)
    return worst, _engine(graph).prices(better, worth_of_pairs(better), matching)


def _steps(graph: Graph) -> Ints:
    """The points that new pairs have, and one more than any."""
    points = np.unique(graph.points[~graph.is_kept])
    return np.append(points, int(graph.points.max(initial=0)) + 1)


def _search(graph: Graph, steps: Ints, target: int) -> int:
    """By halves: `steps[low]` reaches the target, `steps[high]` does not."""
    low, high = 0, len(steps)
    while high - low > 1:
        middle = (low + high) // 2
        if _reach(graph.at_least(int(steps[middle])))[0] >= target:
            low = middle
        else:
            high = middle
    return int(steps[low])
