"""Applicants as arrays, so that millions of possible pairs are looked at together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.matching.distance import point
from services.matching.pairing.applicants import Applicant, Rules, Side

# An elected Member meets those who lead an organisation.
GRADES = (0, 1, 2, 3, 4, 5, 5)

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bands = NDArray[np.int8]


@dataclass(frozen=True)
class Pool:
    """One row an applicant, in the order of their names: the order of their coming changes nothing."""

    names: Sequence[str]
    organisations: Sequence[str]  # the names that `organisation` counts by
    side: Ints
    organisation: Ints
    grade: Bands
    points: NDArray[np.float64]  # on the unit sphere; nothing where there is no place
    has_place: Bools
    travel_miles: Floats
    is_remote_welcome: Bools
    wants: Floats  # by theme, 1 or 0
    offers: Floats
    days: Floats  # by day of the cohort, 1 or 0
    conflicts: Bools  # by organisation

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def index(self) -> dict[str, int]:
        """Rows by name."""
        return {name: row for row, name in enumerate(self.names)}


def pool_of(applicants: Iterable[Applicant], rules: Rules) -> Pool:
    """The arrays of these applicants."""
    people = sorted(applicants, key=lambda each: each.name)
    organisations = sorted(
        {each.organisation for each in people} | {one for each in people for one in each.conflicts}
    )
    themes = sorted({theme for each in people for theme in each.wants | each.offers})
    at = {name: number for number, name in enumerate(organisations)}
    return Pool(
        names=[each.name for each in people],
        organisations=organisations,
        side=np.array([each.side for each in people], np.int64),
        organisation=np.array([at[each.organisation] for each in people], np.int64),
        grade=np.array([GRADES[each.grade] for each in people], np.int8),
        points=np.array([_point(each) for each in people], np.float64).reshape(-1, 3),
        has_place=np.array([each.has_place for each in people], np.bool_),
        travel_miles=np.array([each.travel_miles or np.inf for each in people], np.float32),
        is_remote_welcome=np.array([each.is_remote_welcome for each in people], np.bool_),
        wants=_marks([each.wants for each in people], themes),
        offers=_marks([each.offers for each in people], themes),
        days=_days(people, rules),
        conflicts=_marks([each.conflicts for each in people], organisations) > 0,
    )


def sides(pool: Pool) -> tuple[Ints, Ints]:
    """Rows of the first and of the second side; in one pool both are all."""
    if np.any(pool.side == Side.POOL):
        everybody = np.flatnonzero(pool.side == Side.POOL)
        return everybody, everybody
    return np.flatnonzero(pool.side == Side.FIRST), np.flatnonzero(pool.side == Side.SECOND)


def _point(person: Applicant) -> tuple[float, float, float]:
    if person.latitude is None or person.longitude is None:
        return (0.0, 0.0, 0.0)
    return point(person.latitude, person.longitude)


def _marks(sets: Sequence[frozenset[str]], columns: Sequence[str]) -> Floats:
    at = {name: number for number, name in enumerate(columns)}
    marks = np.zeros((len(sets), len(columns)), np.float32)
    for row, each in enumerate(sets):
        marks[row, [at[name] for name in each]] = 1
    return marks


def _days(people: Sequence[Applicant], rules: Rules) -> Floats:
    length = (rules.last_day - rules.first_day) // timedelta(days=1) + 1
    marks = np.zeros((len(people), length), np.float32)
    for row, person in enumerate(people):
        if not person.days:
            marks[row] = 1
        for each in person.days:
            start = max((each.start - rules.first_day).days, 0)
            marks[row, start : max((each.end - rules.first_day).days + 1, 0)] = 1
    return marks
