"""Checks an answer without solving anything: that its pairs are allowed, and that its prices prove it the best."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.matching.pairing.graph import NOBODY, Graph, Prices, chosen
from services.matching.pairing.solving import Solution, full_worth, step_of, worth_of_pairs


@dataclass(frozen=True)
class Verdict:
    """What is wrong with the pairs, and which of the three claims are proved."""

    wrong: tuple[str, ...]
    has_most: bool
    has_best_worst: bool
    has_best_sum: bool

    @property
    def is_proved(self) -> bool:
        return not self.wrong and self.has_most and self.has_best_worst and self.has_best_sum


def verify(graph: Graph, solution: Solution) -> Verdict:
    """All worths are whole numbers: prices prove a value when they hold and stay below the next one."""
    pairs_worth = worth_of_pairs(graph)
    reached = int(pairs_worth[chosen(graph, solution.matching)].sum())
    better, good = graph.at_least(solution.worst + 1), graph.at_least(solution.worst)
    all_worth = full_worth(good, step=step_of(graph))
    value = int(all_worth[chosen(good, solution.matching)].sum())
    has_new = bool(np.any(~graph.is_kept & (graph.points >= solution.worst)))
    return Verdict(
        wrong=tuple(_wrong(graph, solution)),
        has_most=_proves(solution.most, graph, pairs_worth, below=reached + 1),
        has_best_worst=not has_new
        or _proves(solution.worst_of, better, worth_of_pairs(better), below=reached),
        has_best_sum=_proves(solution.best, good, all_worth, below=value + 1),
    )


def _proves(prices: Prices, graph: Graph, worth: np.ndarray, *, below: int) -> bool:
    return prices.hold(graph, worth) and prices.bound(graph) < below


def _wrong(graph: Graph, solution: Solution) -> Iterator[str]:
    """What the pairs themselves get wrong, however good they are."""
    matching, taken = solution.matching, chosen(graph, solution.matching)
    paired = np.flatnonzero(matching != NOBODY)
    if not np.array_equal(matching[matching[paired]], paired):
        yield "somebody is paired with who is paired with somebody else"
    if 2 * np.count_nonzero(taken) != len(paired):
        yield "a pair is not allowed"
    if np.any(graph.points[taken & ~graph.is_kept] < solution.worst):
        yield "a new pair is worse than the worst"
    whose = graph.organisation[paired]
    used = np.bincount(whose[whose >= 0], minlength=len(graph.quota))
    if np.any((graph.quota >= 0) & (used > graph.quota)):
        yield "an organisation has more people than its quota"
    kept = int(np.count_nonzero(taken & graph.is_kept))
    figures = int(np.count_nonzero(taken)), kept, int(graph.points[taken].sum())
    if figures != (solution.pairs, solution.kept, solution.total):
        yield "the figures are not those of the pairs"
