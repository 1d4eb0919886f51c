"""Which notices answer a question, and how well: by their words and by their meaning, added up.

A notice is found when it says the words or means about the same; both are decided without regard
to the filters, so that a count says what choosing it would give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from tantivy import Query

from services.matching.index.queries import any_of, every, numbered
from services.matching.index.snapshot import Snapshot
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
    """A query's meaning; what is near it, the nearest first; and the same as the index is asked."""

    vector: Vectors | None
    near: Mapping[int, float]
    query: Query  # made once: it is long


@dataclass(frozen=True, slots=True)
class Question:
    """A query with its filters as the index is asked: its words and the best by them of what passes, its
    meaning and what is near that in the whole index.
    """

    snapshot: Snapshot
    understanding: Understanding
    asked: Asked
    filters: Query
    words: Query
    best: Mapping[int, float]
    meant: Meant

    def among(self, filters: Query) -> Query:
        """What answers it and passes the filters."""
        either = any_of((self.words, self.meant.query)) if self.meant.near else self.words
        return every((filters, either))

    def found(self) -> Found:
        """What passes the filters, the best of it scored."""
        near = self._near_among()
        is_all = len(self.best) < RANKED and len(near) <= RANKED
        scores = dict(self._scores(self._said(near[:RANKED])))
        return Found(self.among(self.filters), scores, is_all=is_all)

    def _near_among(self) -> Sequence[int]:
        """What is meant and passes, the nearest first."""
        if not self.meant.near:
            return []
        passing = every((self.filters, self.meant.query))
        among = set(self.snapshot.numbers(passing, len(self.meant.near)))
        return [number for number in self.meant.near if number in among]

    def _said(self, near: Sequence[int]) -> Mapping[int, float]:
        """The best by words, and these, each with its score by words: 0 when it does not say them."""
        others = [number for number in near if number not in self.best]
        said: Mapping[int, float] = {}
        if others and len(self.best) == RANKED:  # fewer are all that say them
            said = self.snapshot.best(every((numbered(others), self.words)), len(others))
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
        if self.meant.vector is None or meanings is None or encoder is None:
            return {}
        products = meanings.products(self.meant.vector, numbers)
        if not products:
            return {}
        scaled = on_scale(_array(list(products.values())), encoder.name)
        return dict(zip(products, scaled.tolist(), strict=True))


def question(
    snapshot: Snapshot, understanding: Understanding, query: str, filters: Query, beside: Executor
) -> Question | None:
    """All the words, or any of them where no notice says all; None where nothing is asked.

    What is meant is looked for beside, while we look for what is said: each is a half of the time.
    """
    if not query.strip():
        return None
    asked = understand(snapshot, query)
    meant = beside.submit(_meant, understanding, asked.did_you_mean or query)
    words = asked.all_words()
    best = snapshot.best(every((filters, words)), RANKED)
    if not best and not snapshot.has(words):  # the filters alone may leave none
        words = asked.any_word()
        best = snapshot.best(every((filters, words)), RANKED)
    return Question(snapshot, understanding, asked, filters, words, best, meant.result())


def _meant(understanding: Understanding, query: str) -> Meant:
    vector = understanding.vector_of(query)
    near: Mapping[int, float] = {}
    if vector is not None and understanding.meanings is not None:
        at_least = NEAR[understanding.quality]
        near = understanding.meanings.nearest(vector, at_least=at_least, most=MOST_NEAR)
    return Meant(vector, near, numbered(list(near)))


def _array(values: list[float]) -> Vectors:
    return np.array(values, np.float32)
