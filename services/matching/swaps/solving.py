"""Finding the rings and chains that are worth most together, with proof or with the gap that is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, linprog, milp

from services.matching.swaps.graph import Graph
from services.matching.swaps.program import Program, Step, chains, program
from services.matching.swaps.rings import Ring

# Rings of four multiply with the size of the pool, and each more to ask is one more who may say no.
SMALL_POOL = 500
LONGEST_CHAIN = 3
# Of ten who are asked, nine say yes: a guess until there are answers to count.
SURVIVAL = 0.9
# In the first round only choices count that cost the relaxed optimum at most so much, then twice as many: a tenth of
# all, or fewer, nearly always hold an optimum, and prove it.
FIRST_SLACK = 0.025
# The solver computes with floats.
EXACT = 1e-6


@dataclass(frozen=True)
class Solution:
    """Rings and chains that share nobody, what they are worth, and what no choice can exceed."""

    rings: tuple[Ring, ...]
    worth: float
    bound: float

    @property
    def gap(self) -> float:
        """How far from the best it may be, as a share of the bound; 0: it is proven to be the best."""
        share = 1 - self.worth / self.bound if self.bound > 0 else 0.0
        return share if share > EXACT else 0.0

    @property
    def is_proven(self) -> bool:
        return self.gap == 0


@dataclass(frozen=True)
class Relaxation:
    """The program with fractions allowed: no choice is worth more, and each choice costs so much of it, or nothing."""

    bound: float
    costs: NDArray[np.float64]


def longest_for(size: int) -> int:
    """How long a ring may be in a pool of so many."""
    return 4 if size <= SMALL_POOL else 3


def solve(
    graph: Graph,
    *,
    time_limit_s: float,
    longest: int,
    longest_chain: int = LONGEST_CHAIN,
    survival: float = SURVIVAL,
    enough: float = 0.0,
    clock: Callable[[], float] = monotonic,
) -> Solution:
    """The rings and chains of greatest expected worth that are found in this time; `enough`: a gap to stop at."""
    end = clock() + time_limit_s
    asked = program(graph, longest=longest, longest_chain=longest_chain, survival=survival)
    if not asked.choices:
        return Solution((), 0.0, 0.0)
    relaxed = relax(asked)
    slack, best = 0.0, Solution((), 0.0, relaxed.bound)
    # A choice that costs more than what is missing can't be part of anything better: there the search ends.
    while best.gap > enough and slack < relaxed.bound - best.worth and clock() < end:
        slack = min(2 * slack or FIRST_SLACK, relaxed.bound - best.worth)
        found = _choose(asked, relaxed, slack, time_left_s=end - clock())
        best = max(found, best, key=lambda each: each.worth)
        best = Solution(best.rings, best.worth, max(best.worth, min(best.bound, found.bound)))
    return best


def relax(asked: Program) -> Relaxation:
    """Solve it with fractions."""
    # The interior point takes twice the time.
    answer = linprog(-asked.worth, asked.rows, asked.limits, bounds=(0, None), method="highs-ds")
    return Relaxation(-answer.fun, -asked.worth - asked.rows.T @ answer.ineqlin.marginals)


def _choose(asked: Program, relaxed: Relaxation, slack: float, *, time_left_s: float) -> Solution:
    """The best among the choices that cost at most the slack; the bound holds for all when the best is within it."""
    kept = np.flatnonzero(relaxed.costs <= slack + EXACT)
    answer = milp(
        -asked.worth[kept],
        integrality=1,
        constraints=LinearConstraint(asked.rows[:, kept], ub=asked.limits),
        options={"time_limit": max(time_left_s, 0.0), "mip_rel_gap": 0},
    )
    if answer.x is None:  # no time to find anything: nobody has to move
        return Solution((), 0.0, relaxed.bound)
    chosen = [asked.choices[int(index)] for index, x in zip(kept, answer.x, strict=True) if x > 0.5]
    worth = -float(answer.fun)
    elsewhere = relaxed.bound - slack
    bound = min(relaxed.bound, max(-float(answer.mip_dual_bound), elsewhere))
    return Solution(_rings(chosen), worth, max(worth, bound))


def _rings(chosen: list[Ring | Step]) -> tuple[Ring, ...]:
    rings = [each for each in chosen if isinstance(each, Ring)]
    return (*rings, *chains(each for each in chosen if isinstance(each, Step)))
