"""How well two sides meet: pure, a sum of terms that each have a reason in words.

    fit(a -> b) = .40 text + .30 subjects + .10 dates + .10 distance + .05 level + .05 format
    fit(a, b)   = harmonic mean of both directions where both sides have wishes

Subjects are skills and themes: sum of idf_i cover(i) / sum of idf_i over what a names, with cover 1
for the same, .6 for one near to it; each level by which what is given falls short of what is asked
for takes a fifth of the same. Terms of a harmonic mean are the mean terms, all made smaller
by the same share, so that they still add up to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from services.matching.suggestions.opening import Opening

NEAR_MILES = 10.0  # so near that nearer makes no difference
FAR_MILES = 80.0  # so far that nobody travels it for a day
RELATED = 0.6  # of what the same skill counts
FLEXIBLE = 0.5  # dates of which one side says nothing
NEXT_RUNG = 0.5
SHORT_BY_ONE = 0.2  # of a skill, for each level that is missing
# Texts that have less in common than this, and no subject, have nothing to do with each other.
LEAST_TEXT = 0.25


@dataclass(frozen=True, slots=True)
class Weights:
    """What each term may add at most; they sum to 1. To be fitted anew on what is accepted and declined."""

    text: float = 0.40
    subjects: float = 0.30
    dates: float = 0.10
    distance: float = 0.10
    level: float = 0.05
    format: float = 0.05


WEIGHTS = Weights()


def _alike_rare(_: str) -> float:
    return 1.0


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of the two beyond themselves: how alike their texts are, what is near to what, how rare."""

    text: float = 0.0  # 0 to 1, .75 meaning and .25 words
    related: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by skill of either side
    rarity: Callable[[str], float] = _alike_rare


class Term(NamedTuple):
    """A part of a score: its code, what it adds, and what a sentence on it needs."""

    code: str
    contribution: float
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 1: the sum of its terms, which are all positive, strongest first."""

    value: float
    terms: tuple[Term, ...]


NOTHING = Score(0.0, ())


def score(one: Opening, other: Opening, sight: Sight, weights: Weights = WEIGHTS) -> Score:
    """How well they meet. Of two sides with wishes, the same whichever comes first."""
    subjects = list(_subjects(one, other, sight, weights.subjects))
    if sight.text < LEAST_TEXT and not any(term.contribution > 0 for term in subjects):
        return NOTHING
    mutual = list(_mutual(one, other, sight, weights))
    sides = [[*subjects, *mutual]]
    if one.has_wishes and other.has_wishes:
        sides.append([*_subjects(other, one, sight, weights.subjects), *mutual])
    terms = [each for each in _joined(sides) if each.contribution > 0]
    terms.sort(key=lambda term: (-term.contribution, term.code))
    # Not rounded: who adds the contributions up, in their order, gets this very number.
    return Score(sum(term.contribution for term in terms), tuple(terms))


def _joined(sides: list[list[Term]]) -> Iterator[Term]:
    """Terms of the harmonic mean of the sides' sums, the same ones in the same order."""
    if len(sides) == 1:
        yield from sides[0]
        return
    sums = [sum(term.contribution for term in side) for side in sides]
    if not all(sums):
        return
    harmonic = len(sums) / sum(1 / each for each in sums)
    share = harmonic / sum(sums)
    for same in zip(*sides, strict=True):
        added = sum(term.contribution for term in same) * share
        # Of two skills near to each other each side may name one only.
        telling = max(same, key=lambda term: term.contribution)
        yield Term(telling.code, added, telling.values)


def _mutual(one: Opening, other: Opening, sight: Sight, weights: Weights) -> Iterator[Term]:
    """What is the same whichever side comes first."""
    yield Term("SIMILAR_TEXTS", weights.text * sight.text, {})
    yield _dates(one, other, weights.dates)
    yield _distance(one, other, weights.distance)
    yield _level(one, other, weights.level)
    same = bool(one.format) and one.format == other.format
    yield Term("SAME_FORMAT", weights.format * same, {"format": one.format})


def _subjects(one: Opening, other: Opening, sight: Sight, weight: float) -> Iterator[Term]:
    """What the one names: always the same terms in the same order."""
    whole = sum(map(sight.rarity, one.skills | one.themes)) or 1.0
    same, themes = one.skills & other.skills, one.themes & other.themes
    near = near_skills(one, other, sight)
    short = shortfalls(one, other)
    covered = sum(sight.rarity(each) * level_cover(short.get(each, 0)) for each in sorted(same))
    values = {"skills": same, "short": {each: asked_and_given(one, other, each) for each in short}}
    yield Term("SHARED_SKILLS", weight * covered / whole, values)
    yield Term("RELATED_SKILLS", RELATED * _share(near, whole, sight, weight), {"skills": near})
    yield Term("SHARED_THEMES", _share(themes - same, whole, sight, weight), {"themes": themes})


def _share(
    some: frozenset[str] | Mapping[str, str], whole: float, sight: Sight, weight: float
) -> float:
    return weight * sum(map(sight.rarity, sorted(some))) / whole


def shortfalls(one: Opening, other: Opening) -> Mapping[str, int]:
    """Of skills that both name: by how many levels what is given falls short of what is asked for."""
    found = {}
    for skill in sorted(one.skills & other.skills):
        asked, given = asked_and_given(one, other, skill)
        if asked > given > 0:
            found[skill] = asked - given
    return found


def asked_and_given(one: Opening, other: Opening, skill: str) -> tuple[int, int]:
    """The level that one side asks for and that the other gives; 0 where it is not said, or nobody gives."""
    if one.giving == other.giving:
        return 0, 0
    asks, gives = sorted((one, other), key=lambda side: side.giving)
    return asks.levels.get(skill, 0), gives.levels.get(skill, 0)


def level_cover(short: int) -> float:
    """1 at the level asked for, a fifth less for each that is missing; never nothing."""
    return 1 - SHORT_BY_ONE * short


def near_skills(one: Opening, other: Opening, sight: Sight) -> Mapping[str, str]:
    """Skills of the one that the other lacks but for one near to it, with that."""
    found = {}
    for skill in sorted(one.skills - other.skills):
        near = sorted(sight.related.get(skill, frozenset()) & other.skills)
        if near:
            found[skill] = near[0]
    return found


def missing_skills(one: Opening, other: Opening, sight: Sight) -> frozenset[str]:
    """Skills of the one that the other neither names nor has anything near to."""
    return one.skills - other.skills - set(near_skills(one, other, sight))


def common_days(one: Opening, other: Opening) -> tuple[date | None, date | None] | None:
    """First and last day of both, None where neither says; None when they do not meet."""
    first = max((day for day in (one.start, other.start) if day), default=None)
    last = min((day for day in (one.end, other.end) if day), default=None)
    return None if first and last and last < first else (first, last)


def _dates(one: Opening, other: Opening, weight: float) -> Term:
    common = common_days(one, other)
    if common is None:
        return Term("DATES", 0.0, {})
    both_say = (one.start or one.end) and (other.start or other.end)
    values = {"first": common[0], "last": common[1], "both_say": bool(both_say)}
    return Term("DATES", weight * (1.0 if both_say else FLEXIBLE), values)


def _distance(one: Opening, other: Opening, weight: float) -> Term:
    if one.is_remote or other.is_remote:
        return Term("NEAR", weight, {"remote": True})
    if one.where is None or other.where is None:
        return Term("NEAR", 0.0, {})
    away = one.where.miles_to(other.where)
    labels = tuple(sorted((one.where.label, other.where.label)))
    return Term("NEAR", weight * closeness(away), {"miles": away, "places": labels})


def closeness(away_miles: float) -> float:
    """1 up to ten miles, then linearly down to 0 at eighty."""
    return min(max((FAR_MILES - away_miles) / (FAR_MILES - NEAR_MILES), 0.0), 1.0)


def _level(one: Opening, other: Opening, weight: float) -> Term:
    shared = one.grades & other.grades
    if not one.grades or not other.grades:
        return Term("LEVEL", weight, {"grades": frozenset()})
    return Term("LEVEL", weight * (1.0 if shared else NEXT_RUNG), {"grades": shared})
