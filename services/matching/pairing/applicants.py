"""What pairing knows of the people who apply to a cohort, and the rules that the cohort has: values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

ANY_DISTANCE = 0
POINTS = 10_000  # of a perfect fit; whole numbers, so that sums and proofs are exact
Couple = tuple[str, str]  # two applicants' names


class Side(IntEnum):
    """On which side of a cohort somebody stands: a pair has one of each, but where there is one pool."""

    NEITHER = 0
    FIRST = 1
    SECOND = 2
    POOL = 3


@dataclass(frozen=True, slots=True)
class Days:
    """Days on which somebody can take part, both ends included."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Applicant:
    """One application, without who it is: `name` is that of the application."""

    name: str
    organisation: str
    side: Side
    grade: int = 0  # the number of the grade band; 0: not said
    latitude: float | None = None
    longitude: float | None = None
    travel_miles: int = ANY_DISTANCE
    is_remote_welcome: bool = False
    wants: frozenset[str] = frozenset()  # themes
    offers: frozenset[str] = frozenset()
    days: Sequence[Days] = ()  # none: any
    conflicts: frozenset[str] = frozenset()  # organisations that they must not be paired with

    @property
    def has_place(self) -> bool:
        return self.latitude is not None and self.longitude is not None


@dataclass(frozen=True, slots=True)
class Weights:
    """What a perfect term adds to a pair's points; together they are POINTS."""

    wishes: int
    travel: int
    dates: int
    grade: int


BALANCED = Weights(wishes=4_000, travel=2_500, dates=1_500, grade=2_000)
NEARBY = Weights(wishes=2_500, travel=4_500, dates=1_500, grade=1_500)
LEARNING = Weights(wishes=6_000, travel=1_500, dates=1_000, grade=1_500)


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all pairs of a cohort."""

    first_day: date
    last_day: date
    common_days: int = 1  # days that the two must share
    grade_gap: int = 1  # bands that they may be apart; 9: any
    organisation_quota: int = 0  # people of one organisation who are paired at most; 0: any number
    quotas: dict[str, int] = field(default_factory=dict)  # instead of it, by organisation
    weights: Weights = BALANCED

    def quota(self, organisation: str) -> int | None:
        """None: any number."""
        return self.quotas.get(organisation, self.organisation_quota) or None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a coordinator and applicants have settled for single pairs, by the applications' names."""

    locked: frozenset[Couple] = frozenset()  # are a pair, whatever else
    forbidden: frozenset[Couple] = frozenset()  # the coordinator says no
    apart: frozenset[Couple] = frozenset()  # the two themselves ask not to meet
    together: frozenset[Couple] = frozenset()  # applied as a couple: with each other or with nobody
    met: frozenset[Couple] = frozenset()  # were partners in an earlier cohort
    published: frozenset[Couple] = frozenset()  # what people were told before: kept where it can be


def couple(one: str, other: str) -> Couple:
    """Two names in the one order in which couples are compared."""
    return (one, other) if one < other else (other, one)
