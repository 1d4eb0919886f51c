"""What is different between two runs of one cohort."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from services.matching.pairing.applicants import Couple


@dataclass(frozen=True, slots=True)
class Difference:
    """Pairs that both have, that only one has, and people who gain, lose or change their partner."""

    same: frozenset[Couple]
    gone: frozenset[Couple]
    new: frozenset[Couple]
    gained: frozenset[str]
    lost: frozenset[str]
    changed: frozenset[str]


def compare(before: Collection[Couple], after: Collection[Couple]) -> Difference:
    """Of two sets of pairs, whose names are in the order of `couple`."""
    old, new = frozenset(before), frozenset(after)
    were, are = _people(old), _people(new)
    moved = _people(old - new) & _people(new - old)
    return Difference(
        same=old & new,
        gone=old - new,
        new=new - old,
        gained=are - were,
        lost=were - are,
        changed=moved,
    )


def _people(pairs: frozenset[Couple]) -> frozenset[str]:
    return frozenset(name for pair in pairs for name in pair)
