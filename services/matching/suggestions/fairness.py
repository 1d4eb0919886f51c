"""Who is shown when many are about as good: what was shown less before, and not one organisation only.

Nothing that is clearly better gives way: only among items within a tenth of the last that would be
shown does a bonus of .1 / sqrt(1 + times shown) decide, and of one organisation at most two of
those stand among the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from threading import Lock

SHOWN_FIRST = 10
NEAR_EQUAL = 0.9
BONUS = 0.1
MOST_OF_ONE = 2


@dataclass(frozen=True, slots=True)
class Ranked:
    """An item with its fit, in the order of `key` where fits are equal."""

    name: str
    organisation: str
    fit: float


def fair_order(
    ranked: Sequence[Ranked], shown: Callable[[str], int], first: int = SHOWN_FIRST
) -> list[Ranked]:
    """The same items, best first, near-equals at the edge of the first ten in a fair order."""
    if len(ranked) <= first:
        return list(ranked)
    edge = ranked[first - 1].fit
    clearly = [each for each in ranked if each.fit > edge / NEAR_EQUAL]
    near = [each for each in ranked if edge * NEAR_EQUAL <= each.fit <= edge / NEAR_EQUAL]
    rest = [each for each in ranked if each.fit < edge * NEAR_EQUAL]
    near.sort(key=lambda each: -(each.fit + BONUS / sqrt(1 + shown(each.name))))
    return [*clearly, *_spread(near, clearly, first), *rest]


def _spread(near: Sequence[Ranked], clearly: Sequence[Ranked], first: int) -> list[Ranked]:
    """Those beyond two of an organisation stand behind the others, as long as there are others."""
    count = Counter(each.organisation for each in clearly)
    taken: list[Ranked] = []
    later: list[Ranked] = []
    for each in near:
        is_full = len(clearly) + len(taken) >= first
        if is_full or count[each.organisation] < MOST_OF_ONE:
            taken.append(each)
            count[each.organisation] += 1
        else:
            later.append(each)
    room = max(first - len(clearly), 0)
    behind = sorted([*taken[room:], *later], key=lambda each: -each.fit)
    return [*taken[:room], *behind]


class Exposure:
    """How often each notice stood among the first ten, by this process since it started.

    It is not written down: it decides between near-equals only, and starts anew with the program.
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def note(self, names: Sequence[str]) -> None:
        with self._lock:
            self._counts.update(names)

    def of(self, name: str) -> int:
        return self._counts[name]

    @property
    def counts(self) -> Mapping[str, int]:
        return self._counts
