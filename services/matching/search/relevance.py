"""Which notices answer a question, and how well: by their words and by their meaning, added up.

A notice is found when it says the words or means about the same; both are decided without regard
to the filters, so that a count says what choosing it would give.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass

import numpy as np
from pyroaring import BitMap

from services.matching.index.queries import every, numbered
from services.matching.index.sets import set_of_all, set_of_any
from services.matching.index.snapshot import Snapshot
from services.matching.index.those import Those
from services.matching.index.understanding import Understanding
from services.matching.search.asking import Asked, understand
from services.matching.search.ranking import Found
from services.matching.text.encoder import Quality, Vectors
from services.matching.text.windows import on_scale, text_fit

# By words and by meaning each so many are ranked against each other. What comes after them nobody pages to.
RANKED = 200
MOST_NEAR = 300
# A product below which a notice is not about what was asked: with words of vectors it says less.
NEAR = {Quality.ENCODER: 0.4, Quality.STATIC_VECTORS: 0.45}


@dataclass(frozen=True, slots=True)
class Meant:
    """A query's meaning, and the numbers of what is near it, the nearest first."""

    vector: Vectors | None
    near: Collection[int]


@dataclass(frozen=True, slots=True)
class Question:
    """A query with its filters: those that say its words, the best by them of what passes, its meaning,
    what is near that in the whole index, the nearest first, by numbers and rows; and the rows of all that
    answers it, whether or not it passes the filters.
    """

    snapshot: Snapshot
    understanding: Understanding
    asked: Asked
    filters: Those
    words: Those
    best: Mapping[int, float]
    vector: Vectors | None
    near: Mapping[int, int]
    rows: BitMap

    def found(self) -> Found:
        """What passes the filters, the best of it scored."""
        passing = self.filters.rows
        near = [number for number, row in self.near.items() if row in passing]
        return Found(self.rows & passing, dict(self._scores(self._said(near[:RANKED]))))

    def _said(self, near: Sequence[int]) -> Mapping[int, float]:
        """The best by words, and these, each with its score by words: 0 when it does not say them."""
        others = [number for number in near if number not in self.best]
        weighed = [number for number in others if self.near[number] in self.words.rows]
        said: Mapping[int, float] = {}
        if weighed:
            said = self.snapshot.best(every((numbered(weighed), self.words.query)), len(weighed))
        return {**self.best, **{number: said.get(number, 0.0) for number in others}}

    def _scores(self, words: Mapping[int, float]) -> Iterator[tuple[int, float]]:
        """0 to 1, the same on every page: meaning and words each against a fixed measure."""
        most = self.asked.most(self.snapshot)
        dense = self._products(list(words))
        for number, score in words.items():
            lexical = min(score / most, 1.0) if most else 0.0
            yield number, text_fit(dense.get(number), lexical)

    def _products(self, numbers: list[int]) -> Mapping[int, float]:
        meanings, encoder = self.understanding.meanings, self.understanding.encoder
        if self.vector is None or meanings is None or encoder is None:
            return {}
        products = meanings.products(self.vector, numbers)
        if not products:
            return {}
        scaled = on_scale(_array(list(products.values())), encoder.name)
        return dict(zip(products, scaled.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Begun:
    """A query whose words are understood, and whose meaning is being looked for beside."""

    snapshot: Snapshot
    understanding: Understanding
    asked: Asked
    meaning: Future[Meant]

    def among(self, filters: Those) -> Question:
        """All the words, or any of them where no notice says all."""
        snapshot, asked = self.snapshot, self.asked
        words = those_that_say(snapshot, asked)
        best = snapshot.best(every((filters.query, words.query)), RANKED)
        best |= _fresh(snapshot, asked, words.rows & filters.rows)
        meant = self.meaning.result()
        near = snapshot.sets.numbered(meant.near)
        rows = words.rows | BitMap(near.values())
        understanding, vector = self.understanding, meant.vector
        return Question(snapshot, understanding, asked, filters, words, best, vector, near, rows)


def begin(
    snapshot: Snapshot, understanding: Understanding, query: str, beside: Executor
) -> Begun | None:
    """None where nothing is asked.

    What is meant takes longest and needs nothing else: it is looked for beside, while we look at the
    filters and for what is said.
    """
    if not query.strip():
        return None
    asked = understand(snapshot, query)
    meaning = beside.submit(_meant, understanding, asked.did_you_mean or query)
    return Begun(snapshot, understanding, asked, meaning)


def _fresh(snapshot: Snapshot, asked: Asked, passing: BitMap) -> Mapping[int, float]:
    """Of what the engine does not know yet, and is among these, the scores."""
    rows = snapshot.sets.numbered(snapshot.fresh)
    return {
        number: asked.score(snapshot, snapshot.fresh[number])
        for number, row in rows.items()
        if row in passing
    }


def those_that_say(snapshot: Snapshot, asked: Asked) -> Those:
    """Those that say all the words; where nobody does, those that say any."""
    sets = asked.sets(snapshot)
    said = set_of_all(sets)
    if said:
        return Those(asked.all_words(), said)
    return Those(asked.any_word(), set_of_any(sets))


def _meant(understanding: Understanding, query: str) -> Meant:
    at_least = NEAR.get(understanding.quality, 1.0)
    near = understanding.near(query, at_least=at_least, most=MOST_NEAR)
    return Meant(understanding.vector_of(query), near)


def _array(values: list[float]) -> Vectors:
    return np.array(values, np.float32)
