"""Pairs in one pool, such as buddying: general matching, with prices from its linear program.

In one pool prices of people alone may not prove an optimum: three people who all fit each other make one
pair. Groups of odd size get prices too (Edmonds 1965); we look for them where the program asks for them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import rustworkx
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from services.matching.pairing.graph import NOBODY, Graph, Matching, Prices, inside

Worth = NDArray[np.int64]
Limits = tuple[csr_array, NDArray[np.float64]]  # a row for each limit, and how much it allows

ROUNDS = 60  # of looking for groups; more would not be worth the wait
MOST_PAIRS_PROVED = 60_000  # what the program solves in some seconds
TINY = 1e-7
LEVELS = (0.0, 0.2, 0.4)  # of a pair's share in the program from which on it counts as one


def most(graph: Graph) -> Matching:
    """As many pairs as possible."""
    return best(graph, np.ones(len(graph), np.int64))


def best(graph: Graph, worth: Worth) -> Matching:
    """The pairs that together are worth most; each is worth more than nothing."""
    seat = int(worth.max(initial=0)) + 1
    net = rustworkx.PyGraph(multigraph=False)
    net.add_nodes_from(range(graph.size))
    pairs = zip(graph.one.tolist(), graph.other.tolist(), worth.tolist(), strict=True)
    net.add_edges_from(list(pairs))
    net.add_edges_from(list(_seats(graph, net, seat)))
    matching = np.full(graph.size, NOBODY)
    for mine, theirs in sorted(rustworkx.max_weight_matching(net, weight_fn=int)):
        if mine < graph.size and theirs < graph.size:
            matching[mine], matching[theirs] = theirs, mine
    return matching


def _seats(
    graph: Graph, net: rustworkx.PyGraph[int, int], seat: int
) -> Iterator[tuple[int, int, int]]:
    """Seats for staying away, as between two sides."""
    for organisation in np.flatnonzero(graph.quota >= 0):
        members = np.flatnonzero(graph.organisation == organisation).tolist()
        for _ in range(len(members) - int(graph.quota[organisation])):
            node = net.add_node(NOBODY)
            yield from ((member, node, seat) for member in members)


def prices(graph: Graph, worth: Worth, _: Matching) -> Prices:
    """From the program's duals, rounded up a little; where it is too large, prices that hold and prove less."""
    if not 0 < len(graph) <= MOST_PAIRS_PROVED:
        return _plain(graph, worth)
    limits, groups = _limits(graph), list[frozenset[int]]()
    for _round in range(ROUNDS):
        share, duals = _program(graph, worth, limits, groups)
        new = [each for each in _odd_groups(graph, share) if each not in groups]
        if not new:
            break
        groups += new
    return _priced(graph, worth, duals, groups[: len(duals) - len(limits[1])])


def _program(
    graph: Graph, worth: Worth, limits: Limits, groups: list[frozenset[int]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The share that each pair has where pairs may be split, and what each limit is worth."""
    odd = np.array([inside(graph, group) for group in groups], np.float64)
    matrix = csr_array(vstack([limits[0], csr_array(odd.reshape(-1, len(graph)))]))
    bounds = np.append(limits[1], [len(group) // 2 for group in groups])
    top = worth.max()
    solved = linprog(-worth / top, A_ub=matrix, b_ub=bounds, method="highs")
    return solved.x, -solved.ineqlin.marginals * top


def _limits(graph: Graph) -> Limits:
    """One pair a person, and no more people of an organisation than its quota."""
    pairs, rows, columns = np.arange(len(graph)), [], []
    for end in (graph.one, graph.other):
        whose = graph.organisation[end]
        is_bounded = (
            np.append(graph.quota, NOBODY)[whose] >= 0
        )  # the last one is for no organisation
        rows += [end, graph.size + whose[is_bounded]]
        columns += [pairs, pairs[is_bounded]]
    where = np.concatenate(rows), np.concatenate(columns)
    shape = graph.size + len(graph.quota), len(graph)
    matrix = csr_array(coo_array((np.ones(len(where[0])), where), shape))
    return matrix, np.concatenate([np.ones(graph.size), np.maximum(graph.quota, 0)])


def _odd_groups(graph: Graph, share: NDArray[np.float64]) -> list[frozenset[int]]:
    """Groups of odd size that have more pairs among them than fit: components of the pairs that count."""
    found: dict[frozenset[int], None] = {}
    for level in LEVELS:
        counts = share > max(level, TINY)
        ends = graph.one[counts], graph.other[counts]
        net = csr_array((np.ones(len(ends[0])), ends), shape=(graph.size, graph.size))
        number, label = connected_components(net, directed=False)
        for each in range(number):
            members = np.flatnonzero(label == each)
            if len(members) >= 3 and len(members) % 2:
                group = frozenset(members.tolist())
                if share[inside(graph, group)].sum() > len(group) // 2 + TINY:
                    found[group] = None
    return list(found)


def _priced(
    graph: Graph, worth: Worth, duals: NDArray[np.float64], groups: list[frozenset[int]]
) -> Prices:
    duals = np.maximum(duals, 0)
    people, rest = duals[: graph.size], duals[graph.size :]
    organisations = np.where(graph.quota >= 0, rest[: len(graph.quota)], 0)
    priced = list(zip(groups, rest[len(graph.quota) :].tolist(), strict=True))
    found = Prices(people, organisations, [each for each in priced if each[1] > 0])
    # Floating-point duals miss by hairs: each person pays a hair more.
    missing = max(float((worth - found.laid_on(graph)).max()), 0.0)
    return Prices(people + missing, organisations, found.groups)


def _plain(graph: Graph, worth: Worth) -> Prices:
    """Half of the best that each could have: always enough."""
    people = np.zeros(graph.size)
    for end in (graph.one, graph.other):
        np.maximum.at(people, end, worth / 2)
    return Prices(people, np.zeros(len(graph.quota)))
