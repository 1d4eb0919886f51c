"""The cache of vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from interchange.matching.v1.matching_pb2 import SearchNoticesResponse

from services.matching.text.encoder import Vectors
from services.matching.text.vectors import Cache
from tests.conftest import Databases


class Counting:
    """An encoder that says how often it was asked."""

    dimensions = 2
    quality = SearchNoticesResponse.ENCODER

    def __init__(self, name: str = "counting/1") -> None:
        self.name = name
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[len(text), 1] for text in texts], np.float32)


def test_nothing_is_encoded_twice(databases: Databases) -> None:
    encoder = Counting()
    first = Cache(databases("matching"), encoder)

    one = first.encode(["a", "bb", "a"])
    other = first.encode(["bb", "ccc", "a"])

    assert encoder.asked == ["a", "bb", "ccc"]
    assert one.tolist() == [[1, 1], [2, 1], [1, 1]]
    assert other.tolist() == [[2, 1], [3, 1], [1, 1]]


def test_vectors_of_another_encoder_are_not_taken(databases: Databases) -> None:
    database, other = databases("matching"), Counting("counting/2")
    Cache(database, Counting()).encode(["a"])

    Cache(database, other).encode(["a"])

    assert other.asked == ["a"]
