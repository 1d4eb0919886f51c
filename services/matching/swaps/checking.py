"""Whether a solution is what it claims to be, looked at without anything that made it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from services.matching.swaps.graph import Graph
from services.matching.swaps.rings import Ring


def faults(
    graph: Graph, rings: Sequence[Ring], *, longest: int, longest_chain: int
) -> Iterator[str]:
    """What is wrong with these rings, in words; nothing when they can be proposed."""
    parts = Counter(member for ring in rings for member in ring.members)
    yield from (f"{member} has {count} parts" for member, count in parts.items() if count > 1)
    for ring in rings:
        yield from _faults_of(graph, ring, longest_chain + 1 if ring.is_chain else longest)


def _faults_of(graph: Graph, ring: Ring, most: int) -> Iterator[str]:
    members = ring.members
    if not 2 <= len(members) <= most:
        yield f"{members} has {len(members)} members, not 2 to {most}"
    if ring.is_chain != (members[0] in graph.hosts):
        yield f"{members} does not begin as a {'chain' if ring.is_chain else 'ring'} does"
    for place, host in enumerate(members):
        is_last = place == len(members) - 1
        if is_last and ring.is_chain:
            continue
        taker = members[0] if is_last else members[place + 1]
        if host not in graph.wishes[taker]:
            yield f"{taker} would not take the post of {host}"
