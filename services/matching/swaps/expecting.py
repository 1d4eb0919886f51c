"""What rings and chains are worth when anybody may drop out and the rest falls back to a shorter one.

So a ring with arcs back is preferred to one that comes to nothing with the first who leaves. Arrays throughout, for
there are tens of thousands of rings.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from services.matching.swaps.graph import Arc, Graph
from services.matching.swaps.rings import Ring

Worths = NDArray[np.float64]
Numbers = NDArray[np.int64]


def of_rings(graph: Graph, rings: Sequence[Ring], survival: float) -> Worths:
    """Of each ring of at most four, when each of its members stays with this chance."""
    arcs = _matrix(graph)
    worths = np.zeros(len(rings))
    sizes = np.array([len(ring.members) for ring in rings], int)
    for size in set(sizes.tolist()):
        these = np.flatnonzero(sizes == size)
        members = np.array([rings[int(each)].members for each in these]).T
        worths[these] = _expected(arcs, members, survival)
    return worths


def of_step(graph: Graph, leg: Arc, position: int, survival: float) -> float:
    """Of the leg at this position of a chain, from 1: it needs the host, and all before it, to stay."""
    return graph.arcs[leg] * survival ** (position + 1)


def _matrix(graph: Graph) -> Worths:
    """By visitor and host what a leg is worth; 0 where there is none."""
    arcs = np.zeros((graph.size, graph.size))
    if graph.arcs:
        visitors, hosts = np.array(list(graph.arcs)).T
        arcs[visitors, hosts] = list(graph.arcs.values())
    return arcs


def _expected(arcs: Worths, members: Numbers, survival: float) -> Worths:
    """Of rings of one size; `members` by place in the ring and by ring."""
    size = len(members)
    worth = survival**size * _around(arcs, members)
    for left in range(2, size):
        chance = survival**left * (1 - survival) ** (size - left)
        for staying in combinations(range(size), left):
            worth += chance * _best(arcs, members[list(staying)])
    return worth


def _best(arcs: Worths, members: Numbers) -> Worths:
    """The best ring among two or three."""
    pairs = [_around(arcs, members[list(pair)]) for pair in combinations(range(len(members)), 2)]
    both_ways = [_around(arcs, members), _around(arcs, members[::-1])]
    best: Worths = np.array([*pairs, *both_ways]).max(axis=0)
    return best


def _around(arcs: Worths, members: Numbers) -> Worths:
    """What a ring is worth when everybody stays; 0 where one of its legs is missing."""
    legs = arcs[np.roll(members, -1, axis=0), members]
    return np.where((legs > 0).all(axis=0), legs.sum(axis=0), 0.0)
