"""Rings and chains: what they are, which there are, and what is left of one when somebody drops out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import combinations, permutations

from services.matching.swaps.graph import Arc, Graph


@dataclass(frozen=True, slots=True)
class Ring:
    """Members of whom each takes the post of the one before; the first takes the last one's, unless it is a chain.

    A chain begins with a host who needs nothing back, and nobody takes its last member's post.
    """

    members: tuple[int, ...]
    is_chain: bool = False

    @property
    def legs(self) -> tuple[Arc, ...]:
        """Who goes to whom, in order."""
        onward = tuple(zip(self.members[1:], self.members[:-1], strict=True))
        return onward if self.is_chain else (*onward, (self.members[0], self.members[-1]))


def weight(graph: Graph, ring: Ring) -> float:
    """What it is worth when everybody stays."""
    return sum(graph.arcs[leg] for leg in ring.legs)


def cycles(graph: Graph, *, longest: int) -> Iterator[Ring]:
    """Every ring of at most so many, once: it begins with its smallest number."""
    for start in range(graph.size):
        yield from _closing(graph, (start,), longest)


def _closing(graph: Graph, path: tuple[int, ...], longest: int) -> Iterator[Ring]:
    start, last = path[0], path[-1]
    takers = graph.takers[last]
    # Intersecting sets at the last step saves looking at each of the many paths that do not close.
    for closing in takers & graph.wishes[start]:
        if closing > start and closing not in path:
            yield Ring((*path, closing))
    if len(path) + 1 < longest:
        for onward in takers:
            if onward > start and onward not in path:
                yield from _closing(graph, (*path, onward), longest)


def fallbacks(graph: Graph, ring: Ring) -> list[Ring]:
    """The shorter rings and chains among its members, the best first."""
    shorter = [
        each
        for size in range(2, len(ring.members))
        for some in combinations(ring.members, size)
        for each in _within(graph, some)
    ]
    return sorted(shorter, key=lambda each: -weight(graph, each))


def after(graph: Graph, ring: Ring, leaving: Collection[int]) -> Ring | None:
    """What is left of a ring when these drop out: the best shorter one of those who stay; None when there is none."""
    staying = set(ring.members) - set(leaving)
    return next((each for each in fallbacks(graph, ring) if staying.issuperset(each.members)), None)


def _within(graph: Graph, members: tuple[int, ...]) -> Iterator[Ring]:
    """Rings and chains of exactly these members."""
    first, *others = members
    hosts = graph.hosts.intersection(members)
    orders = permutations(members) if hosts else ((first, *rest) for rest in permutations(others))
    for order in orders:
        ring = Ring(order, is_chain=bool(hosts))
        if all(leg in graph.arcs for leg in ring.legs) and hosts <= {order[0]}:
            yield ring
