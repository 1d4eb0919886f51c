"""Whether legs form one ring or one chain, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from chassis.errors import InvalidArgument

MOST_MEMBERS = 4
# Whose holder goes, and whose post they take, by notice.
Leg: TypeAlias = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Formation:
    """Notices of which each one's holder takes the post of the one before; the first the last one's, but in a chain."""

    members: tuple[UUID, ...]
    is_chain: bool

    @property
    def legs(self) -> tuple[Leg, ...]:
        onward = tuple(zip(self.members[1:], self.members[:-1], strict=True))
        return onward if self.is_chain else ((self.members[0], self.members[-1]), *onward)


def form(legs: Sequence[Leg], *, field: str) -> Formation:
    """One ring or one chain of these legs; InvalidArgument NO_RING when they form none, or are too many."""
    takers = {host: visitor for visitor, host in legs}
    visitors = {visitor for visitor, _ in legs}
    starts = [host for host in takers if host not in visitors]
    start = starts[0] if starts else legs[0][1]
    members = [start]
    while members[-1] in takers and takers[members[-1]] not in members:
        members.append(takers[members[-1]])
    formation = Formation(tuple(members), is_chain=bool(starts))
    if not 2 <= len(members) <= MOST_MEMBERS or sorted(formation.legs) != sorted(legs):
        raise InvalidArgument(
            "NO_RING",
            f"must form one ring, or one chain, of two to {MOST_MEMBERS} notices",
            field=field,
        )
    return formation
