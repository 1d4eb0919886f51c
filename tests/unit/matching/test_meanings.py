"""The vectors in memory: who is near, among few and among many."""

from __future__ import annotations

import numpy as np
import pytest

from services.matching.index.meanings import FEW, Meanings
from services.matching.text.encoder import Vectors

DIMENSIONS, PARTS = 384, 2
ALIKE = 100
NEAR = 0.4
QUERY = np.eye(DIMENSIONS, dtype=np.float32).sum(axis=0) / np.sqrt(DIMENSIONS)


def at_length_one(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def filled(others: int) -> Meanings:
    """The first hundred have a part at a product of .5 to .95 with the query, the others have none."""
    chance = np.random.default_rng(1)
    meanings = Meanings(DIMENSIONS, PARTS)
    strangers = chance.normal(size=(ALIKE + others, PARTS, DIMENSIONS)).astype(np.float32)
    strangers -= (strangers @ QUERY)[..., None] * QUERY
    vectors = at_length_one(strangers)
    for number, product in enumerate(np.linspace(0.95, 0.5, ALIKE)):
        vectors[number, 1] = product * QUERY + np.sqrt(1 - product**2) * vectors[number, 1]
    for number, its in enumerate(vectors):
        meanings.put(number + 1, b"%d" % number, its)
    return meanings


@pytest.mark.parametrize("others", [10, FEW])
def test_all_that_are_near_are_found_best_first(others: int) -> None:
    found = filled(others).nearest(QUERY, at_least=NEAR, most=1_000)

    assert list(found) == list(range(1, ALIKE + 1))
    assert found[1] == pytest.approx(0.95, abs=0.01)


def test_no_more_are_found_than_were_asked_for() -> None:
    assert list(filled(FEW).nearest(QUERY, at_least=NEAR, most=3)) == [1, 2, 3]


def test_what_is_dropped_or_changed_is_not_found_among_many() -> None:
    meanings = filled(FEW)
    elsewhere = np.zeros((PARTS, DIMENSIONS), np.float32)
    elsewhere[:, 0], elsewhere[:, 1] = np.sqrt(0.5), -np.sqrt(0.5)

    meanings.drop(1)
    meanings.put(2, b"another", elsewhere)

    assert next(iter(meanings.nearest(QUERY, at_least=NEAR, most=1))) == 3
    assert 2 in meanings.nearest(elsewhere[0], at_least=0.9, most=1)


def test_of_nothing_nothing_is_near() -> None:
    assert Meanings(DIMENSIONS, PARTS).nearest(QUERY, at_least=NEAR, most=5) == {}
