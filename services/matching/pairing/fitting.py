"""Who may be paired with whom, and how well the two fit: a reason or points for each possible pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from services.matching.distance import EARTH_MILES
from services.matching.pairing.applicants import Rules, Wishes
from services.matching.pairing.pool import Bands, Bools, Floats, Ints, Pool

FAR_MILES = 100.0  # from here on distance says nothing more
BANDS = 5
PLENTY = 4  # times the days that are needed: more than that adds nothing
TINY = np.float32(1e-9)  # instead of nought, which nothing is divided by
HALF = np.float32(0.5)  # of somebody who did not say what they wish, and of an unknown distance
Codes = NDArray[np.int8]
Points = NDArray[np.int32]
Miles = NDArray[np.float64]  # in single precision neighbours would be a mile apart


class Reason(IntEnum):
    """Why two applicants can't be a pair: the first of these that holds."""

    ALLOWED = 0
    SAME_PERSON = 1
    SAME_ORGANISATION = 2
    CONFLICT = 3
    FORBIDDEN = 4
    KEPT_APART = 5
    PAST_PARTNER = 6
    APPLIED_WITH_ANOTHER = 7
    LOCKED_WITH_ANOTHER = 8
    GRADE_GAP = 9
    TOO_FAR = 10
    NO_COMMON_DAYS = 11


@dataclass(frozen=True)
class Block:
    """Some applicants against some others: an array has one row for each of `one`, a column for each of `other`."""

    one: Ints
    other: Ints
    reason: Codes
    terms: Mapping[str, Points]  # points by term
    miles: Miles  # nan where unknown

    @property
    def points(self) -> Points:
        return np.asarray(sum(self.terms.values()), np.int32)


def fit(pool: Pool, one: Ints, other: Ints, rules: Rules, wishes: Wishes) -> Block:
    """All pairs between the two, looked at together."""
    miles, common, gap = _measured(pool, one, other)
    weights = rules.weights
    terms = {
        "WISHES": _weighed(_wished(pool, one, other), weights.wishes),
        "TRAVEL": _weighed(_near(pool, one, other, miles), weights.travel),
        "DATES": _weighed(
            np.minimum(common / np.float32(PLENTY * rules.common_days), 1), weights.dates
        ),
        "GRADE": _weighed(1 - gap / np.float32(BANDS), weights.grade),
    }
    reason = _reasons(pool, one, other, rules, miles=miles, common=common, gap=gap)
    _settle(reason, pool, one, other, wishes)
    return Block(one, other, reason, terms, miles)


def judge(pool: Pool, one: Ints, other: Ints, rules: Rules, wishes: Wishes) -> Codes:
    """Only what is in the way of each pair."""
    miles, common, gap = _measured(pool, one, other)
    reason = _reasons(pool, one, other, rules, miles=miles, common=common, gap=gap)
    _settle(reason, pool, one, other, wishes)
    return reason


def _measured(pool: Pool, one: Ints, other: Ints) -> tuple[Miles, Floats, Bands]:
    """Miles, days in common, and bands between the two."""
    common = pool.days[one] @ pool.days[other].T
    return _miles(pool, one, other), common, _gap(pool, one, other)


def _weighed(share: NDArray[np.floating], weight: int) -> Points:
    points: Points = np.rint(share * np.float32(weight)).astype(np.int32)
    return points


def _miles(pool: Pool, one: Ints, other: Ints) -> Miles:
    cosines = np.minimum(pool.points[one] @ pool.points[other].T, 1)
    miles = EARTH_MILES * np.arccos(cosines)
    miles[~pool.has_place[one]] = miles[:, ~pool.has_place[other]] = np.nan
    return miles


def _gap(pool: Pool, one: Ints, other: Ints) -> Bands:
    """Bands between the two; none where one has not said."""
    mine, theirs = pool.grade[one][:, None], pool.grade[other]
    gap: Bands = np.abs(mine - theirs) * ((mine > 0) & (theirs > 0))
    return gap


def _remote(pool: Pool, one: Ints, other: Ints) -> Bools:
    return pool.is_remote_welcome[one][:, None] & pool.is_remote_welcome[other]


def _reasons(
    pool: Pool, one: Ints, other: Ints, rules: Rules, *, miles: Miles, common: Floats, gap: Bands
) -> Codes:
    limit = np.minimum(pool.travel_miles[one][:, None], pool.travel_miles[other])
    far = (miles > limit) & ~_remote(pool, one, other)
    mine, theirs = pool.organisation[one], pool.organisation[other]
    reason = np.zeros(far.shape, np.int8)
    # The last written wins, so the first of the list comes last.
    reason[common < rules.common_days] = Reason.NO_COMMON_DAYS
    reason[far] = Reason.TOO_FAR
    reason[gap > rules.grade_gap] = Reason.GRADE_GAP
    conflict = pool.conflicts[one][:, theirs] | pool.conflicts[other][:, mine].T
    reason[conflict] = Reason.CONFLICT
    reason[mine[:, None] == theirs] = Reason.SAME_ORGANISATION
    reason[one[:, None] == other] = Reason.SAME_PERSON
    return reason


def _settle(reason: Codes, pool: Pool, one: Ints, other: Ints, wishes: Wishes) -> None:
    """What was settled for single pairs and people; a rule of the cohort that comes first stays."""
    if not any((wishes.locked, wishes.together, wishes.apart, wishes.forbidden, wishes.met)):
        return
    at = pool.index
    rows = {int(row): number for number, row in enumerate(one)}
    columns = {int(row): number for number, row in enumerate(other)}

    def mark(pairs: frozenset[tuple[str, str]], why: Reason) -> None:
        for pair in pairs:
            first, second = (at.get(name, -1) for name in pair)
            for mine, theirs in ((first, second), (second, first)):
                if mine in rows and theirs in columns:
                    _yield_to(reason[rows[mine] : rows[mine] + 1, columns[theirs] :][:, :1], why)

    def claim(pairs: frozenset[tuple[str, str]], why: Reason) -> None:
        """The two are for each other: all others are out."""
        for pair in pairs:
            first, second = (at.get(name, -1) for name in pair)
            for mine, theirs in ((first, second), (second, first)):
                if mine in rows:
                    _yield_to(reason[rows[mine]], why, but=columns.get(theirs))
                if mine in columns:
                    _yield_to(reason[:, columns[mine]], why, but=rows.get(theirs))

    claim(wishes.locked, Reason.LOCKED_WITH_ANOTHER)
    claim(wishes.together, Reason.APPLIED_WITH_ANOTHER)
    mark(wishes.met, Reason.PAST_PARTNER)
    mark(wishes.apart, Reason.KEPT_APART)
    mark(wishes.forbidden, Reason.FORBIDDEN)


def _yield_to(cells: Codes, why: Reason, *, but: int | None = None) -> None:
    """Write a reason where none that comes before it in the list stands."""
    weaker = (cells == Reason.ALLOWED) | (cells > why)
    if but is not None:
        weaker[but] = False
    cells[weaker] = why


def _wished(pool: Pool, one: Ints, other: Ints) -> Floats:
    """Of what each wants to learn, the share that the other can show; the harmonic mean of both ways."""
    there = _share(pool.wants[one], pool.offers[other])
    back = _share(pool.wants[other], pool.offers[one]).T
    mean: Floats = 2 * there * back / np.maximum(there + back, TINY)
    return mean


def _share(wants: Floats, offers: Floats) -> Floats:
    asked = wants.sum(axis=1, keepdims=True)
    shared: Floats = wants @ offers.T
    shared /= np.maximum(asked, 1)
    shared[asked[:, 0] == 0] = HALF
    return shared


def _near(pool: Pool, one: Ints, other: Ints, miles: Miles) -> Floats:
    near: Floats = np.maximum(1 - miles / FAR_MILES, 0).astype(np.float32)
    near[np.isnan(near)] = HALF
    return np.maximum(near, _remote(pool, one, other) * HALF)
