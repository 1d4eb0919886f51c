"""Who would take whose post, as numbers: what rings are found in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

# Who would take the post, and whose it is.
Arc = tuple[int, int]


@dataclass(frozen=True)
class Graph:
    """People and hosts by number, from 0; each arc weighs what the leg would be worth, above 0.

    A host needs nothing back: it is visited, and nobody of it goes anywhere.
    """

    size: int
    arcs: Mapping[Arc, float]
    hosts: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        for visitor, host in self.arcs:
            if visitor == host or visitor in self.hosts:
                raise ValueError(f"{visitor} can't take the post of {host}")

    @cached_property
    def takers(self) -> tuple[frozenset[int], ...]:
        """By number: who would take their post."""
        return _gather(self.size, ((host, visitor) for visitor, host in self.arcs))

    @cached_property
    def wishes(self) -> tuple[frozenset[int], ...]:
        """By number: whose posts they would take."""
        return _gather(self.size, self.arcs)


def _gather(size: int, pairs: Iterable[Arc]) -> tuple[frozenset[int], ...]:
    found: list[set[int]] = [set() for _ in range(size)]
    for one, other in pairs:
        found[one].add(other)
    return tuple(map(frozenset, found))
