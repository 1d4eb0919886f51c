"""The possible pairs as a graph, what each is worth, and prices that prove that no choice is worth more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.matching.pairing.pool import Bools, Ints

NOBODY = -1


@dataclass(frozen=True)
class Graph:
    """Possible pairs between `size` people. `is_first` says who stands on the first side; None: one pool.

    Of organisation number `o` at most `quota[o]` people may be paired; NOBODY: any number. People of
    no organisation (NOBODY) count towards none.
    """

    size: int
    is_first: Bools | None
    one: Ints
    other: Ints
    points: Ints
    is_kept: Bools  # pairs that were published before
    organisation: Ints
    quota: Ints

    def __len__(self) -> int:
        return len(self.one)

    def only(self, chosen: Bools) -> Graph:
        """The same people with fewer possible pairs."""
        if chosen.all():
            return self
        return replace(
            self,
            one=self.one[chosen],
            other=self.other[chosen],
            points=self.points[chosen],
            is_kept=self.is_kept[chosen],
        )

    def at_least(self, points: int) -> Graph:
        """Without new pairs that are worth less."""
        return self.only((self.points >= points) | self.is_kept)


Matching = NDArray[np.int64]  # whose partner is who; NOBODY


@dataclass(frozen=True)
class Prices:
    """A price for each person, each organisation's quota, and (in one pool) for some groups of odd size.

    They prove a bound: if no possible pair is worth more than the prices that lie on it, then no choice
    of pairs is worth more than all prices together, each paid as often as it can be needed.
    """

    people: NDArray[np.float64]
    organisations: NDArray[np.float64]
    groups: Sequence[tuple[frozenset[int], float]] = ()

    def bound(self, graph: Graph) -> float:
        """What no choice of pairs exceeds."""
        seats = np.maximum(graph.quota, 0)
        odd = sum(price * (len(group) // 2) for group, price in self.groups)
        return float(self.people.sum() + self.organisations @ seats + odd)

    def laid_on(self, graph: Graph) -> NDArray[np.float64]:
        """The prices that lie on each possible pair: its people's, their quotas' and its groups'."""
        by_organisation = np.append(self.organisations, 0)  # the last one is for no organisation
        laid = self.people + by_organisation[graph.organisation]
        covered: NDArray[np.float64] = laid[graph.one] + laid[graph.other]
        for group, price in self.groups:
            covered = covered + price * inside(graph, group)
        return covered

    def hold(self, graph: Graph, worth: NDArray[np.number]) -> bool:
        """Whether they cover every possible pair, and none is negative: then `bound` is one."""
        if np.any(self.people < 0) or np.any(self.organisations < 0):
            return False
        if np.any(self.organisations[graph.quota < 0] > 0):
            return False  # a quota that does not exist bounds nothing
        if any(price < 0 or len(group) % 2 == 0 for group, price in self.groups):
            return False
        return bool(np.all(self.laid_on(graph) >= worth))


def inside(graph: Graph, group: frozenset[int]) -> Bools:
    """Which possible pairs are between two of a group."""
    member = np.isin(np.arange(graph.size), list(group))
    both: Bools = member[graph.one] & member[graph.other]
    return both


def chosen(graph: Graph, matching: Matching) -> Bools:
    """Which possible pairs a matching takes."""
    taken: Bools = matching[graph.one] == graph.other
    return taken
