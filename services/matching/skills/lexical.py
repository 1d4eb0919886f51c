"""How much of each label a text says: BM25 of the label, as a share of what the label itself would get.

Not `text.lexical`, which compares two texts: this goes through the lists of a text's terms once for
all fourteen thousand labels.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from services.matching.skills.terms import telling

Scores = NDArray[np.float32]

SATURATION = 1.2  # k1: labels hardly repeat a word, so that it matters little
LENGTH = 0.3  # b: long labels are no worse ones


class Labels:
    """Labels by their terms. Scores go from 0 to 1 and mean the same in every text."""

    def __init__(self, labels: Sequence[str]) -> None:
        found = [Counter(telling(label)) for label in labels]
        spread = Counter(term for each in found for term in each)
        mean = sum(each.total() for each in found) / max(len(found), 1)
        lists: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self._whole = np.full(len(found), np.finfo(np.float32).tiny, np.float32)
        for number, each in enumerate(found):
            damping = SATURATION * (1 - LENGTH + LENGTH * each.total() / mean) if mean else 0
            for term, count in each.items():
                rarity = log(1 + (len(found) - spread[term] + 0.5) / (spread[term] + 0.5))
                weight = rarity * count * (SATURATION + 1) / (count + damping)
                lists[term].append((number, weight))
                self._whole[number] += weight
        self._lists = {term: _arrays(each) for term, each in lists.items()}

    def score(self, text: str) -> Scores:
        """For each label, how much of it is said."""
        found = np.zeros(len(self._whole), np.float32)
        for term in set(telling(text)):
            if term in self._lists:
                numbers, weights = self._lists[term]
                found[numbers] += weights
        return found / self._whole


def _arrays(pairs: Sequence[tuple[int, float]]) -> tuple[NDArray[np.intp], Scores]:
    numbers, weights = zip(*pairs, strict=True)
    return np.array(numbers, np.intp), np.array(weights, np.float32)
