"""Encoding that gives way: the same vectors, and rests as long as others are in the way."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from services.matching.text.encoder import StaticVectors
from services.matching.text.patient import LONGEST_S, PIECE, TIMES, Patient

TEXTS = [f"{'housing options ' * number} in Norwich" for number in range(PIECE * 2 + 1)]


def patient(
    static: StaticVectors, *, took_s: float, worked_s: float
) -> tuple[Patient, list[float]]:
    """One whose pieces take so long, so much of it on a core; and its rests."""
    rests: list[float] = []
    taken, worked = count(step=took_s), count(step=worked_s)
    made = Patient(static, rests.append, clock=lambda: next(taken), worked=lambda: next(worked))
    return made, rests


def test_its_vectors_are_those_of_its_encoder(static: StaticVectors) -> None:
    made, _ = patient(static, took_s=1, worked_s=1)

    assert np.array_equal(made.encode(TEXTS), static.encode(TEXTS))
    assert (made.name, made.quality) == (static.name, static.quality)


def test_alone_on_a_machine_it_never_rests(static: StaticVectors) -> None:
    made, rests = patient(static, took_s=1, worked_s=1)

    made.encode(TEXTS)

    assert rests == []


def test_kept_from_a_core_it_rests_after_each_piece(static: StaticVectors) -> None:
    made, rests = patient(static, took_s=0.05, worked_s=0.03)

    made.encode(TEXTS)

    assert rests == [pytest.approx(TIMES * 0.02)] * 3


def test_however_long_it_was_kept_it_goes_on_soon(static: StaticVectors) -> None:
    made, rests = patient(static, took_s=60, worked_s=1)

    made.encode(TEXTS[:1])

    assert rests == [LONGEST_S]
