"""How well two openings meet: worked examples, and what holds for all."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.suggestions.scoring import (
    WEIGHTS,
    Opening,
    Where,
    closeness,
    likeness,
    overlap,
    score,
)

NORWICH = Where("Norwich", 52.63, 1.30)
IPSWICH = Where("Ipswich", 52.06, 1.16)

labels = st.frozensets(st.sampled_from(["housing", "planning", "digital", "care", "waste"]))
wheres = st.none() | st.builds(Where, st.just("X"), st.floats(-90, 90), st.floats(-180, 180))
days = st.none() | st.dates(date(2027, 1, 1), date(2027, 12, 31))
openings = st.builds(
    Opening,
    name=st.just("notices/1"),
    format=st.sampled_from(["SECONDMENT", "MENTORING"]),
    themes=labels,
    skills=labels,
    words=labels,
    grades=labels,
    where=wheres,
    is_remote=st.booleans(),
    start=days,
    end=days,
    days_per_week=st.sampled_from([0.0, 0.5, 1.0, 2.0, 5.0]),
)


def test_the_story_told_in_reasons() -> None:
    wanted = Opening(
        name="notices/1",
        format="WORK_SHADOWING",
        themes=frozenset({"housing"}),
        skills=frozenset({"housing-options"}),
        words=frozenset({"housing", "options", "wanted"}),
        where=NORWICH,
    )
    needed = Opening(
        name="notices/2",
        format="WORK_SHADOWING",
        themes=frozenset({"housing", "homelessness"}),
        skills=frozenset({"housing-options"}),
        words=frozenset({"housing", "options", "needed"}),
        where=IPSWICH,
    )

    found = score(wanted, needed)

    assert [reason.text for reason in found.reasons] == [
        "Both name housing options",
        "Both are about housing",
        "Both are for work shadowing",
        "Their texts share words: housing, options",
        "Ipswich and Norwich are 40 miles apart",
    ]
    assert found.value == pytest.approx(0.30 + 0.20 + 0.15 + 0.10 + 0.0574, abs=0.001)


def test_days_a_week_are_compared() -> None:
    two = Opening(name="notices/1", format="SWAP", themes=frozenset({"care"}), days_per_week=2)
    four = Opening(name="notices/2", format="SWAP", themes=frozenset({"care"}), days_per_week=4)
    open_to_all = Opening(name="notices/3", format="SWAP", themes=frozenset({"care"}))

    assert "Both are for 2 days a week" in [each.text for each in score(two, two).reasons]
    assert "They are for 2 and 4 days a week" in [each.text for each in score(four, two).reasons]
    assert "DAYS" not in [each.code for each in score(two, open_to_all).reasons]


def test_twins_score_one() -> None:
    twin = Opening(
        name="notices/1",
        format="SWAP",
        themes=frozenset({"care"}),
        skills=frozenset({"case-work"}),
        words=frozenset({"carer"}),
        grades=frozenset({"OFFICER"}),
        where=NORWICH,
        start=date(2027, 1, 1),
        days_per_week=1.5,
    )

    assert score(twin, twin).value == 1


def test_nearness_alone_is_no_match() -> None:
    one = Opening(name="notices/1", format="MENTORING", where=NORWICH)
    other = Opening(name="notices/2", format="MENTORING", where=NORWICH)

    assert score(one, other).value == 0


def test_weights_sum_to_one() -> None:
    assert sum(getattr(WEIGHTS, name) for name in WEIGHTS.__slots__) == pytest.approx(1)


@given(one=openings, other=openings)
def test_a_score_is_the_sum_of_its_reasons(one: Opening, other: Opening) -> None:
    found = score(one, other)

    assert 0 <= found.value <= 1
    assert found.value == sum(each.contribution for each in found.reasons)
    assert all(each.contribution > 0 and each.text for each in found.reasons)
    contributions = [each.contribution for each in found.reasons]
    assert contributions == sorted(contributions, reverse=True)


@given(one=openings, other=openings)
def test_it_does_not_matter_who_comes_first(one: Opening, other: Opening) -> None:
    assert score(one, other) == score(other, one)


@given(one=labels, other=labels)
def test_shares_are_between_nothing_and_all(one: frozenset[str], other: frozenset[str]) -> None:
    for measure in (overlap, likeness):
        assert 0 <= measure(one, other) <= 1
        assert measure(one, other) == measure(other, one)
    if one:
        assert overlap(one, one) == likeness(one, one) == 1


@pytest.mark.parametrize(("away", "near"), [(0, 1), (10, 1), (45, 0.5), (80, 0), (500, 0)])
def test_closeness_falls_with_the_miles(away: float, near: float) -> None:
    assert closeness(away) == pytest.approx(near)
