"""Who could not be paired and why, and what one change to the rules would make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from services.matching.pairing import one_pool, two_sided
from services.matching.pairing.applicants import Rules, Side, Wishes
from services.matching.pairing.fitting import Codes, Reason, judge
from services.matching.pairing.graph import NOBODY, Graph, Matching, chosen
from services.matching.pairing.pool import Bools, Ints, Pool, sides

MOST_EXPLAINED = 100  # people of a side for whom a change is looked for
AT_ONCE = 250
LARGEST_POOL = 300  # in one pool every change is a new search


class Why(IntEnum):
    """Why somebody has no partner."""

    NOBODY_ALLOWED = 1  # everybody is excluded; `excluded` says how many by which rule
    QUOTA_FULL = 2  # their organisation has its share of pairs
    OUTNUMBERED = 3  # whoever they may meet is needed by somebody else, however one turns it


class Change(IntEnum):
    """What could be relaxed, least first."""

    TRAVEL = 1  # `amount` miles more
    DATES = 2  # any days
    GRADE = 3  # `amount` bands more
    QUOTA = 4  # `amount` people more of their organisation
    FORBIDDEN = 5  # what the coordinator forbade for them


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One change that would give one pair more."""

    change: Change
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Unpaired:
    """Somebody without a partner."""

    name: str
    why: Why
    excluded: Mapping[Reason, int]  # how many of the others, by the first rule that is in the way
    relaxation: Relaxation | None


@dataclass(frozen=True)
class Asked:
    """What a run knew, to ask it again with a change."""

    pool: Pool
    rules: Rules
    wishes: Wishes
    graph: Graph
    matching: Matching

    def others(self, row: int) -> Ints:
        """Whom somebody might meet if there were no rules."""
        first, second = sides(self.pool)
        return second if first is second or self.pool.side[row] == Side.FIRST else first

    def reasons(
        self,
        rows: Ints,
        *,
        pool: Pool | None = None,
        rules: Rules | None = None,
        wishes: Wishes | None = None,
    ) -> Codes:
        """What is in the way between some of one side and each of the others; with a change, if one is given."""
        return judge(
            pool or self.pool,
            rows,
            self.others(int(rows[0])),
            rules or self.rules,
            wishes or self.wishes,
        )


def unpaired(asked: Asked) -> list[Unpaired]:
    """Everybody without a partner who is not locked into a pair, in the order of names."""
    locked = {name for pair in asked.wishes.locked for name in pair}
    alone = np.array(
        [
            row
            for row in np.flatnonzero(asked.matching == NOBODY).tolist()
            if asked.pool.names[row] not in locked
        ],
        np.int64,
    )
    first, second = sides(asked.pool)
    of_sides = (
        (alone,)
        if first is second
        else (np.intersect1d(alone, first), np.intersect1d(alone, second))
    )
    would = _Would(asked)
    found = [each for rows in of_sides for each in _explained(asked, would, rows)]
    return sorted(found, key=lambda each: each.name)


def _explained(asked: Asked, would: _Would, rows: Ints) -> Iterator[Unpaired]:
    """People of one side, some at a time. A change is looked for only for the first of them."""
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        for number, (row, reasons) in enumerate(zip(some, asked.reasons(some), strict=True), start):
            counts = np.bincount(reasons, minlength=len(Reason))
            found = would.relaxation(int(row)) if number < MOST_EXPLAINED else None
            why = _why(asked, int(row), can_meet=counts[Reason.ALLOWED] > 0)
            yield Unpaired(asked.pool.names[int(row)], why, _excluded(counts), found)


def _excluded(counts: Ints) -> dict[Reason, int]:
    tellable = (reason for reason in Reason if reason not in (Reason.ALLOWED, Reason.SAME_PERSON))
    return {reason: int(counts[reason]) for reason in tellable if counts[reason]}


def _why(asked: Asked, row: int, *, can_meet: bool) -> Why:
    if not can_meet:
        return Why.NOBODY_ALLOWED
    graph = asked.graph
    organisation = graph.organisation[row]
    quota = int(graph.quota[organisation]) if organisation >= 0 else NOBODY
    of_it = graph.organisation == organisation
    is_full = quota >= 0 and np.count_nonzero(of_it & (asked.matching >= 0)) >= quota
    return Why.QUOTA_FULL if is_full else Why.OUTNUMBERED


class _Would:
    """Whether a change for one person would give one pair more."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._is_pool = asked.graph.is_first is None
        if self._is_pool:
            self._people = np.ones(asked.graph.size, np.bool_)
            self._seats: Bools = np.zeros(len(asked.graph.quota), np.bool_)
        else:
            self._people, self._seats = two_sided.reachable(asked.graph)

    def relaxation(self, row: int) -> Relaxation | None:
        """The least change that would."""
        if self._is_pool and len(self._asked.pool) > LARGEST_POOL:
            return None
        tried = (each for each, gives in self._changes(row) if gives())
        return next(tried, None)

    def _changes(self, row: int) -> Iterator[tuple[Relaxation, Callable[[], bool]]]:
        asked, pool = self._asked, self._asked.pool
        for miles in (10, 25, 50):
            farther = pool.travel_miles.copy()
            farther[row] += miles
            further = replace(pool, travel_miles=farther)
            yield Relaxation(Change.TRAVEL, miles), self._meets(row, pool=further)
        days = pool.days.copy()
        days[row] = 1
        yield Relaxation(Change.DATES), self._meets(row, pool=replace(pool, days=days))
        rules = replace(asked.rules, grade_gap=asked.rules.grade_gap + 1)
        yield Relaxation(Change.GRADE, 1), self._meets(row, rules=rules)
        yield Relaxation(Change.QUOTA, 1), lambda: self._frees_a_seat(row)
        allowed = {pair for pair in asked.wishes.forbidden if pool.names[row] not in pair}
        wishes = replace(asked.wishes, forbidden=frozenset(allowed))
        yield Relaxation(Change.FORBIDDEN), self._meets(row, wishes=wishes)

    def _meets(
        self,
        row: int,
        *,
        pool: Pool | None = None,
        rules: Rules | None = None,
        wishes: Wishes | None = None,
    ) -> Callable[[], bool]:
        def gives() -> bool:
            others = self._asked.others(row)
            if not (self._people[row] and np.any(self._people[others])):
                return False
            reasons = self._asked.reasons(np.array([row]), pool=pool, rules=rules, wishes=wishes)
            met = others[reasons[0] == Reason.ALLOWED]
            if not self._is_pool:
                return bool(np.any(self._people[met]))
            return _with(self._asked.graph, row, met) > _count(self._asked.graph)

        return gives

    def _frees_a_seat(self, row: int) -> bool:
        organisation = int(self._asked.graph.organisation[row])
        graph = self._asked.graph
        if organisation < 0 or graph.quota[organisation] < 0:
            return False
        if not self._is_pool:
            return bool(self._seats[organisation])
        quota = graph.quota.copy()
        quota[organisation] += 1
        return _count(replace(graph, quota=quota)) > _count(graph)


def _count(graph: Graph) -> int:
    return int(np.count_nonzero(chosen(graph, one_pool.most(graph))))


def _with(graph: Graph, row: int, met: Ints) -> int:
    """How many pairs there would be with these possible ones besides."""
    one, other = np.minimum(row, met), np.maximum(row, met)
    more = replace(
        graph,
        one=np.append(graph.one, one),
        other=np.append(graph.other, other),
        points=np.append(graph.points, np.zeros(len(met), np.int64)),
        is_kept=np.append(graph.is_kept, np.zeros(len(met), np.bool_)),
    )
    return int(np.count_nonzero(one_pool.most(more) >= 0) // 2)
