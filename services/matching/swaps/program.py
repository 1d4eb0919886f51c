"""Which rings and chains to take, as an integer program.

Rings are one variable each; chains are arcs by position (PICEF: Dickerson, Manlove, Plaut, Sandholm and Trimble,
"Position-indexed formulations for kidney exchange", 2016), for there are too many chains to count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from services.matching.swaps.expecting import of_rings, of_step
from services.matching.swaps.graph import Arc, Graph
from services.matching.swaps.rings import Ring, cycles

# The row of a constraint, and how often the variable counts in it.
Entry = tuple[int, int]


@dataclass(frozen=True)
class Step:
    """A leg of a chain, and how far from the host it is, from 1."""

    leg: Arc
    position: int


@dataclass(frozen=True)
class Program:
    """Maximise `worth @ x` over 0/1 `x` with `rows @ x <= limits`; the variables are the choices, in order."""

    choices: Sequence[Ring | Step]
    worth: NDArray[np.float64]
    rows: csc_array
    limits: NDArray[np.float64]


def program(graph: Graph, *, longest: int, longest_chain: int, survival: float) -> Program:
    """At most one part for everybody, and no step of a chain without the one before."""
    rings = list(cycles(graph, longest=longest))
    steps = list(_steps(graph, longest_chain))
    worth = [*of_rings(graph, rings, survival)]
    worth += [of_step(graph, step.leg, step.position, survival) for step in steps]
    choices: list[Ring | Step] = [*rings, *steps]
    columns = [
        *(_ring_entries(ring) for ring in rings),
        *(_step_entries(graph, step) for step in steps),
    ]
    height = graph.size * max(longest_chain, 1)
    limits = np.zeros(height)
    limits[: graph.size] = 1
    return Program(choices, np.array(worth), _sparse(columns, height), limits)


def chains(steps: Iterable[Step]) -> Iterator[Ring]:
    """The chains that chosen steps make up."""
    taker = {step.leg[1]: step for step in steps}
    for first in [step for step in taker.values() if step.position == 1]:
        members = [*first.leg[::-1]]
        while members[-1] in taker:
            members.append(taker[members[-1]].leg[0])
        yield Ring(tuple(members), is_chain=True)


def _steps(graph: Graph, longest: int) -> Iterator[Step]:
    """Every leg at every position where it can be reached from a host."""
    reached: frozenset[int] = graph.hosts
    for position in range(1, longest + 1):
        legs = [(taker, host) for host in sorted(reached) for taker in sorted(graph.takers[host])]
        yield from (Step(leg, position) for leg in legs)
        reached = frozenset(taker for taker, _ in legs)


def _ring_entries(ring: Ring) -> Iterator[Entry]:
    """Row `i` is: member `i` has one part at most."""
    return ((member, 1) for member in ring.members)


def _step_entries(graph: Graph, step: Step) -> Iterator[Entry]:
    """Row `size * k + i` is: who takes the post of `i` as step `k + 1` needs `i` to be step `k`."""
    visitor, host = step.leg
    yield visitor, 1
    yield (host, 1) if step.position == 1 else (graph.size * (step.position - 1) + host, 1)
    yield graph.size * step.position + visitor, -1


def _sparse(columns: Iterable[Iterable[Entry]], height: int) -> csc_array:
    """Entries below the last row belong to steps that nothing can follow."""
    data: list[int] = []
    indices: list[int] = []
    starts = [0]
    for column in columns:
        kept = [entry for entry in column if entry[0] < height]
        indices.extend(row for row, _ in kept)
        data.extend(value for _, value in kept)
        starts.append(len(indices))
    return csc_array((np.array(data, float), indices, starts), shape=(height, len(starts) - 1))
