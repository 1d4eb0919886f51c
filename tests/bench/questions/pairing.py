"""Are 5,000 leaders paired as well as can be, and soon? Beside the pure sum, greedy, and first come first served.

The leaders are drawn, always the same: towns of unequal size, themes of unequal popularity, each with a few.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from time import process_time

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from services.matching.pairing.applicants import Applicant, Days, Rules, Side, Wishes
from services.matching.pairing.candidates import graph_of
from services.matching.pairing.graph import Graph, chosen
from services.matching.pairing.pool import pool_of
from services.matching.pairing.solving import Solution, solve
from services.matching.pairing.verifying import verify
from tests.bench.report import Row

LEADERS = 5_000
TOWNS, THEMES = 60, 30
RULES = Rules(date(2027, 1, 1), date(2027, 6, 30), common_days=3)
Scores = NDArray[np.int64]


def rows(_: Path) -> Iterator[Row]:
    people = leaders(LEADERS)
    start = process_time()
    pool = pool_of(people, RULES)
    graph = graph_of(pool, RULES, Wishes())
    solution = solve(graph)
    cpu_s = process_time() - start
    is_proved = verify(graph, solution).is_proved
    yield Row(
        "pairing 5,000 leaders: proved optimum, CPU s",
        f"{cpu_s:.2f} s, {'proved' if is_proved else 'NOT PROVED'}",
        f"{solution.pairs:,} of {len(graph):,} pairs",
        "<= 2 s",
        is_proved and cpu_s <= 2,
    )
    yield from _beside(graph, solution)


def _beside(graph: Graph, solution: Solution) -> Iterator[Row]:
    ours = graph.points[chosen(graph, solution.matching)]
    pure = pure_sum(graph)
    worst, total = ours.min() / pure.min(), ours.sum() / pure.sum()
    yield Row(
        "worst pair, beside the best pure sum",
        f"{worst:.2f}x ({ours.min():,})",
        f"pure sum {pure.min():,}; sum {total:.4f}",
        ">= 1.10x, .99",
        len(ours) == len(pure) and worst >= 1.10 and total >= 0.99,
    )
    for what, other in (("greedy", greedy(graph)), ("first come", first_come(graph))):
        yield Row(
            f"sum of points, beside {what}",
            f"{ours.sum() / other.sum():.3f}x ({len(ours):,} pairs)",
            f"{what} {other.sum():,} ({len(other):,})",
            ">= 1x",
            len(ours) >= len(other) and ours.sum() >= other.sum(),
        )


def pure_sum(graph: Graph) -> Scores:
    """As many pairs as can be, then the best sum, whoever pays for it."""
    step = int(graph.points.max()) * graph.size
    worth = np.zeros((graph.size, graph.size), np.float64)
    worth[graph.one, graph.other] = graph.points + step
    assert graph.is_first is not None
    first, second = np.flatnonzero(graph.is_first), np.flatnonzero(~graph.is_first)
    worth = worth[np.ix_(first, second)]
    one, other = linear_sum_assignment(worth, maximize=True)
    found = worth[one, other]
    return (found[found > 0] - step).astype(np.int64)


def greedy(graph: Graph) -> Scores:
    """The best pair first, then the best of those left."""
    return _taken(graph, np.argsort(-graph.points, kind="stable"))


def first_come(graph: Graph) -> Scores:
    """Each in turn takes the best of those left."""
    return _taken(graph, np.lexsort((-graph.points, graph.one)))


def _taken(graph: Graph, order: NDArray[np.int64]) -> Scores:
    taken, points = np.zeros(graph.size, np.bool_), list[int]()
    for edge in order.tolist():
        one, other = graph.one[edge], graph.other[edge]
        if not (taken[one] or taken[other]):
            taken[one] = taken[other] = True
            points.append(int(graph.points[edge]))
    return np.array(points)


def leaders(count: int) -> list[Applicant]:
    """Half of them of either sector."""
    chance = Random(20270101)
    towns = [(52.6 + chance.gauss(0, 0.7), -0.5 + chance.gauss(0, 1.2)) for _ in range(TOWNS)]
    sizes = [1 / (rank + 3) for rank in range(TOWNS)]
    return [leader(chance, number, chance.choices(towns, sizes)[0]) for number in range(count)]


def leader(chance: Random, number: int, town: tuple[float, float]) -> Applicant:
    side = Side.FIRST if number % 2 else Side.SECOND
    start = RULES.first_day + timedelta(days=chance.randrange(90))
    return Applicant(
        name=f"{number:05}",
        organisation=f"{side.name} {chance.randrange(400)}",
        side=side,
        grade=chance.choices((3, 4, 5), (3, 4, 2))[0],
        latitude=town[0] + chance.gauss(0, 0.05),
        longitude=town[1] + chance.gauss(0, 0.08),
        travel_miles=chance.choice((30, 50, 80, 120)),
        is_remote_welcome=chance.random() < 0.2,
        wants=themes(chance, 1, 3),
        offers=themes(chance, 1, 4),
        days=(Days(start, start + timedelta(days=chance.choice((30, 60, 90)))),),
    )


def themes(chance: Random, least: int, most: int) -> frozenset[str]:
    """Some are asked for far more often than others."""
    popular = [1 / (rank + 2) for rank in range(THEMES)]
    return frozenset(
        f"theme {each}"
        for each in chance.choices(range(THEMES), popular, k=chance.randint(least, most))
    )
