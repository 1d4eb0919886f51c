"""A whole run: from applicants, rules and wishes to pairs with their reasons, and those who have none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.matching.pairing.applicants import Applicant, Couple, Rules, Wishes, couple
from services.matching.pairing.candidates import graph_of, is_restricted
from services.matching.pairing.explaining import Asked, Unpaired, unpaired
from services.matching.pairing.fitting import Block, fit
from services.matching.pairing.pool import Pool, pool_of
from services.matching.pairing.solving import solve
from services.matching.pairing.verifying import verify

TOGETHER = 64


@dataclass(frozen=True, slots=True)
class Pair:
    """Two applications and why they fit: the terms add up to the points."""

    one: str
    other: str
    points: int
    terms: Mapping[str, int]
    miles: float | None
    is_locked: bool
    is_kept: bool  # was published before


@dataclass(frozen=True, slots=True)
class Answer:
    """What a run found. `is_proved`: three proofs were checked, of the number, of the worst and of the sum."""

    pairs: Sequence[Pair]  # worst first: that is where a coordinator looks
    unpaired: Sequence[Unpaired]
    possible_pairs: int
    is_proved: bool
    is_restricted: (
        bool  # only each person's best few were looked at, and the proofs are about these
    )


def pair(applicants: Iterable[Applicant], rules: Rules, wishes: Wishes) -> Answer:
    """The best pairs there are. The same people, rules and wishes give the same answer in any order."""
    pool = pool_of(applicants, rules)
    wishes = _known(pool, wishes)
    graph = graph_of(pool, rules, wishes)
    solution = solve(graph)
    found = [*sorted(wishes.locked), *_couples(pool, solution.matching)]
    pairs = _pairs(pool, found, rules, wishes)
    return Answer(
        pairs=sorted(pairs, key=lambda each: (each.points, each.one)),
        unpaired=unpaired(Asked(pool, rules, wishes, graph, solution.matching)),
        possible_pairs=len(graph),
        is_proved=verify(graph, solution).is_proved,
        is_restricted=is_restricted(pool),
    )


def _known(pool: Pool, wishes: Wishes) -> Wishes:
    """Wishes about people who are still there."""
    there = set(pool.names)

    def both(pairs: frozenset[Couple]) -> frozenset[Couple]:
        return frozenset(couple(*each) for each in pairs if there.issuperset(each))

    return Wishes(
        locked=both(wishes.locked),
        forbidden=both(wishes.forbidden),
        apart=both(wishes.apart),
        met=both(wishes.met),
        together=both(wishes.together),
        published=both(wishes.published),
    )


def _couples(pool: Pool, matching: np.ndarray) -> list[Couple]:
    pairs = ((mine, theirs) for mine, theirs in enumerate(matching.tolist()) if mine < theirs)
    return [couple(pool.names[mine], pool.names[theirs]) for mine, theirs in pairs]


def _pairs(pool: Pool, found: Sequence[Couple], rules: Rules, wishes: Wishes) -> list[Pair]:
    """With their terms, some at a time: looking at them together costs their square."""
    at, pairs = pool.index, list[Pair]()
    for start in range(0, len(found), TOGETHER):
        some = found[start : start + TOGETHER]
        one, other = (np.array([at[each[end]] for each in some]) for end in (0, 1))
        block = fit(pool, one, other, rules, Wishes())
        pairs += [_pair(block, number, each, wishes) for number, each in enumerate(some)]
    return pairs


def _pair(block: Block, number: int, names: Couple, wishes: Wishes) -> Pair:
    terms = {term: int(points[number, number]) for term, points in block.terms.items()}
    miles = float(block.miles[number, number])
    return Pair(
        one=names[0],
        other=names[1],
        points=sum(terms.values()),
        terms=terms,
        miles=None if np.isnan(miles) else round(miles, 1),
        is_locked=names in wishes.locked,
        is_kept=names in wishes.published,
    )
