"""By which words occupations are called, and which of them say most of a text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from services.matching.text.encoder import Vectors
from services.matching.text.lexical import Terms
from services.matching.text.terms import stems_of

NOBODY = np.zeros(0, np.intp)


class Occupations:
    """ESCO's, each by all its names in one line."""

    def __init__(self, names: Sequence[str]) -> None:
        called: dict[str, list[int]] = defaultdict(list)
        for number, line in enumerate(names):
            for stem in dict.fromkeys(stems_of(line)):
                called[stem].append(number)
        self._called = {stem: np.array(numbers) for stem, numbers in called.items()}
        frequencies = {stem: len(numbers) for stem, numbers in called.items()}
        self._terms = Terms(stems_of, len(names), frequencies, mean_length=0.0)

    def __len__(self) -> int:
        return self._terms.documents

    def say(self, text: str) -> Vectors:
        """(occupations,): how much of the text each says in its names, 0 to 1; rare words weigh more."""
        rarities = {stem: self._terms.rarity(stem) for stem in stems_of(text)}
        said = np.zeros(len(self), np.float32)
        for stem, rarity in rarities.items():
            said[self._called.get(stem, NOBODY)] += rarity
        return said / (sum(rarities.values()) or 1)
