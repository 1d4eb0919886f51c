"""Comparing texts by their words, and by windows on them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.text.encoder import StaticVectors
from services.matching.text.lexical import Lexicon
from services.matching.text.terms import clean
from services.matching.text.windows import likeness, text_fit, windows

TITLES = ["Housing options officer", "Senior housing officer", "Lifeguard", "Officer", "Planner"]
LEXICON = Lexicon.of(TITLES)


def test_a_text_says_all_of_itself_and_nothing_of_another() -> None:
    assert LEXICON.likeness("Lifeguard", "lifeguards") > 0.8
    assert LEXICON.likeness("Housing officer", "Housing officer") == pytest.approx(1)
    assert LEXICON.likeness("Lifeguard", "Planner") == 0
    assert LEXICON.likeness("", "Planner") == LEXICON.likeness("Planner", "") == 0


def test_what_cannot_be_read_is_a_space() -> None:
    assert clean("Tŷ\x00\u202e\nﬁne\ud800") == "Tŷ   fine "
    assert clean("".join(map(chr, range(0x110000)))).count("\x00") == 0


def test_a_rare_word_says_more_than_a_frequent_one() -> None:
    query = "Housing officer"

    assert LEXICON.likeness(query, "housing") > LEXICON.likeness(query, "officer")


def test_a_misspelt_word_is_half_the_word() -> None:
    assert LEXICON.likeness("lifegaurd", "Lifeguard") > 0.2


def test_one_word_a_thousand_times_says_no_more_than_its_share() -> None:
    much = LEXICON.likeness("housing options", "housing " * 1_000)

    assert much < LEXICON.likeness("housing options", "housing options team")


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_a_share(one: str, other: str) -> None:
    assert 0 <= LEXICON.likeness(one, other) <= 1


def test_windows_cover_every_word() -> None:
    text = " ".join(str(number) for number in range(25))

    found = windows(text)

    assert found[0] == text
    assert {word for each in found[1:] for word in each.split()} == set(text.split())
    assert {len(each.split()) for each in found[1:]} == {3, 6, 10}
    assert windows("two words") == ["two words"]


def test_what_is_said_in_passing_is_seen_through_a_window(static: StaticVectors) -> None:
    text = "The team meets on Mondays, keeps the office tidy and has run allotments for ten years"
    wanted = static.encode(["allotments"])

    through = likeness(wanted, static.encode(windows(text)), static.name)

    assert through > likeness(wanted, static.encode([text]), static.name) + 0.1


def test_nothing_offered_is_nothing_like(static: StaticVectors) -> None:
    assert likeness(np.zeros((0, 256), np.float32), static.encode(["a"]), static.name) == 0


def test_without_an_encoder_words_decide() -> None:
    assert text_fit(None, 0.4) == 0.4
    assert text_fit(1.0, 0.0) == 0.75
