"""How much of a text the names of an occupation say."""

from __future__ import annotations

import pytest

from services.matching.text.occupations import Occupations

NAMES = ["bee farmer apiarist", "dairy farmer cattle breeder", "tree surgeon arborist", "farmer"]


@pytest.fixture(scope="module")
def occupations() -> Occupations:
    return Occupations(NAMES)


def test_all_of_it_is_one_and_nothing_of_it_is_none(occupations: Occupations) -> None:
    said = occupations.say("Surgeons of trees")

    assert said[2] > said[0] == said[1] == said[3] == 0
    assert occupations.say("tree surgeon")[2] == pytest.approx(1)


def test_rare_words_weigh_more(occupations: Occupations) -> None:
    said = occupations.say("dairy farmer")

    assert said[1] == pytest.approx(1)
    assert 0 < said[0] == said[3] < 0.5


def test_words_that_nobody_is_called_by_leave_less_to_the_others(occupations: Occupations) -> None:
    assert occupations.say("tree surgeon in Snowdonia")[2] < occupations.say("tree surgeon")[2]


@pytest.mark.parametrize("text", ["", "\x00\u202e", "?!", "tree " * 20_000])
def test_any_text_has_an_answer_between_none_and_all(occupations: Occupations, text: str) -> None:
    said = occupations.say(text)

    assert said.shape == (len(NAMES),)
    assert ((said >= 0) & (said <= 1.001)).all()
