"""How well two openings meet: pure, and replaceable as a whole.

The score is a weighted sum of terms, each from 0 to 1, with weights that sum to 1. Each term that
adds something is a reason in words that a manager can repeat to the person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from chassis.convert import spelt
from services.matching.distance import miles

NEAR_MILES = 10.0  # so near that nearer makes no difference
FAR_MILES = 80.0  # so far that nobody travels it for a day
DIGITS = 4


@dataclass(frozen=True, slots=True)
class Where:
    """A place in degrees, and what it is called."""

    label: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Opening:
    """What the score looks at. `words` are stems or plain words of title and body."""

    name: str
    format: str
    themes: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    grades: frozenset[str] = frozenset()  # empty: any
    where: Where | None = None
    is_remote: bool = False
    start: date | None = None
    end: date | None = None
    days_per_week: float = 0.0  # 0: to be agreed


@dataclass(frozen=True, slots=True)
class Weights:
    """What each term may add at most; they sum to 1."""

    skills: float = 0.30
    themes: float = 0.20
    format: float = 0.15
    words: float = 0.15
    closeness: float = 0.10
    dates: float = 0.04
    days: float = 0.03
    grades: float = 0.03


@dataclass(frozen=True, slots=True)
class Reason:
    """One term: its code, a sentence, what it adds."""

    code: str
    text: str
    contribution: float


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 1: the sum of the reasons' contributions, which are all positive, strongest first."""

    value: float
    reasons: tuple[Reason, ...]


WEIGHTS = Weights()
# Without one of these two notices have nothing to do with each other, however near they are.
ESSENTIAL = frozenset({"SHARED_SKILLS", "SHARED_THEMES", "SIMILAR_WORDS"})
NOTHING = Score(0.0, ())


def score(one: Opening, other: Opening, weights: Weights = WEIGHTS) -> Score:
    """How well they meet. The same whichever comes first."""
    reasons = [reason for reason in _terms(one, other, weights) if reason.contribution > 0]
    if not ESSENTIAL & {reason.code for reason in reasons}:
        return NOTHING
    reasons.sort(key=lambda reason: (-reason.contribution, reason.code))
    # Not rounded: who adds the contributions up, in their order, gets this very number.
    value = sum(reason.contribution for reason in reasons)
    return Score(value, tuple(reasons))


def _terms(one: Opening, other: Opening, weights: Weights) -> Iterator[Reason]:
    yield _skills(one, other, weights.skills)
    yield _themes(one, other, weights.themes)
    yield _format(one, other, weights.format)
    yield _words(one, other, weights.words)
    yield _closeness(one, other, weights.closeness)
    yield _dates(one, other, weights.dates)
    yield _days(one, other, weights.days)
    yield _grades(one, other, weights.grades)


def _skills(one: Opening, other: Opening, weight: float) -> Reason:
    shared = one.skills & other.skills
    text = f"Both name {_listed(shared)}"
    return _reason("SHARED_SKILLS", text, weight * overlap(one.skills, other.skills))


def _themes(one: Opening, other: Opening, weight: float) -> Reason:
    shared = one.themes & other.themes
    text = f"Both are about {_listed(shared)}"
    return _reason("SHARED_THEMES", text, weight * overlap(one.themes, other.themes))


def _format(one: Opening, other: Opening, weight: float) -> Reason:
    same = one.format == other.format
    return _reason("SAME_FORMAT", f"Both are for {_plain(one.format)}", weight if same else 0.0)


def _words(one: Opening, other: Opening, weight: float) -> Reason:
    shared = one.words & other.words
    few = sorted(shared, key=lambda word: (-len(word), word))[:4]
    text = f"Their texts share words: {', '.join(sorted(few))}"
    return _reason("SIMILAR_WORDS", text, weight * likeness(one.words, other.words))


def _closeness(one: Opening, other: Opening, weight: float) -> Reason:
    if one.is_remote or other.is_remote:
        return _reason("REMOTE", "It can be done remotely", weight)
    if one.where is None or other.where is None:
        return _reason("NEAR", "", 0.0)
    away = miles(
        one.where.latitude, one.where.longitude, other.where.latitude, other.where.longitude
    )
    near = closeness(away)
    return _reason("NEAR", _distance(one.where, other.where, away), weight * near)


def _dates(one: Opening, other: Opening, weight: float) -> Reason:
    first = max((day for day in (one.start, other.start) if day), default=None)
    last = min((day for day in (one.end, other.end) if day), default=None)
    if not (one.start or one.end) or not (other.start or other.end):
        return _reason("DATES", "", 0.0)
    if first and last and last < first:
        return _reason("DATES", "", 0.0)
    return _reason("DATES", f"Their dates fit{_span(first, last)}", weight)


def _days(one: Opening, other: Opening, weight: float) -> Reason:
    fewer, more = sorted((one.days_per_week, other.days_per_week))
    if not fewer:
        return _reason("DAYS", "", 0.0)
    text = f"Both are for {_number(fewer)} days a week"
    if fewer != more:
        text = f"They are for {_number(fewer)} and {_number(more)} days a week"
    return _reason("DAYS", text, weight * fewer / more)


def _grades(one: Opening, other: Opening, weight: float) -> Reason:
    shared = one.grades & other.grades
    text = f"Both are open to {_listed({f'{_plain(grade)} grades' for grade in shared})}"
    return _reason("SHARED_GRADES", text, weight if shared else 0.0)


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Szymkiewicz-Simpson coefficient: how much of the smaller set is in the larger, 0 to 1."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Sørensen-Dice coefficient: twice the shared over all, 0 to 1."""
    both = len(one) + len(other)
    return 2 * len(one & other) / both if both else 0.0


def closeness(away_miles: float) -> float:
    """1 up to ten miles, then linearly down to 0 at eighty."""
    return min(max((FAR_MILES - away_miles) / (FAR_MILES - NEAR_MILES), 0.0), 1.0)


def _reason(code: str, text: str, contribution: float) -> Reason:
    return Reason(code, text, round(contribution, DIGITS))


def _listed(values: frozenset[str] | set[str]) -> str:
    plain = sorted(map(_plain, values))
    return " and ".join([", ".join(plain[:-1]), plain[-1]] if len(plain) > 1 else plain)


def _plain(code: str) -> str:
    return code.replace("_", " ").replace("-", " ").lower()


def _number(days: float) -> str:
    return f"{days:g}"


def _distance(one: Where, other: Where, away: float) -> str:
    if one.label == other.label:
        return f"Both are in {one.label}"
    first, second = sorted((one.label, other.label))
    return f"{first} and {second} are {max(round(away), 1)} miles apart"


def _span(first: date | None, last: date | None) -> str:
    if first and last:
        return f": {spelt(first)} to {spelt(last)}"
    return f": from {spelt(first)}" if first else f": until {spelt(last)}" if last else ""
