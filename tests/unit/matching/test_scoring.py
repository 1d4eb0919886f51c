"""How well two sides meet: worked examples, and what holds for all."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from interchange.common.v1.types_pb2 import BASIC, ENHANCED

from services.matching.suggestions.eligibility import (
    CODES,
    DATES,
    DISMISSED,
    FULL,
    GRADE_GAP,
    LADDER,
    NO_MANAGER,
    PAST_PARTNER,
    SAME_GROUP,
    SAME_ORGANISATION,
    TOO_FAR,
    VETTING,
    Barred,
    exclusions,
    rungs_between,
)
from services.matching.suggestions.explaining import Match, best_change, explain
from services.matching.suggestions.opening import Opening, Where
from services.matching.suggestions.relations import root_of
from services.matching.suggestions.scoring import (
    WEIGHTS,
    Sight,
    closeness,
    common_days,
    missing_skills,
    near_skills,
    score,
    shortfalls,
)
from services.matching.suggestions.wording import RULES, Wording
from tests.unit.matching.conftest import a_notice

NORWICH = Where("Norwich", 52.63, 1.30)
IPSWICH = Where("Ipswich", 52.06, 1.16)
NOBODY_BARRED = Barred()
ENGLISH = Wording("en", lambda skill: skill.replace("-", " "))
WELSH = Wording("cy", lambda skill: skill.replace("-", " "))

labels = st.frozensets(st.sampled_from(["housing", "planning", "digital", "care", "waste"]))
subjects = st.frozensets(st.sampled_from(["homes", "money", "trees"]))
grades = st.frozensets(st.sampled_from([*LADDER, "ELECTED_MEMBER"]), max_size=2)
wheres = st.none() | st.builds(Where, st.just("X"), st.floats(-90, 90), st.floats(-180, 180))
days = st.none() | st.dates(date(2027, 1, 1), date(2027, 12, 31))
organisations = st.frozensets(st.sampled_from(["organisations/1", "organisations/2"]))
openings = st.builds(
    Opening,
    name=st.sampled_from(["notices/1", "notices/2"]),
    organisation=st.sampled_from(["organisations/1", "organisations/2", "organisations/3"]),
    format=st.sampled_from(["SECONDMENT", "MENTORING"]),
    themes=subjects,
    skills=labels,
    grades=grades,
    where=wheres,
    is_remote=st.booleans(),
    start=days,
    end=days,
    has_wishes=st.booleans(),
    travel_miles=st.sampled_from([0.0, 20.0]),
    giving=st.integers(0, 2),
    levels=st.dictionaries(st.sampled_from(["housing", "care"]), st.integers(1, 5)),
    vetting_needed=st.integers(0, 5),
    vetting_held=st.integers(0, 5),
    is_full=st.booleans(),
    new_partners_only=st.booleans(),
)
sights = st.builds(
    Sight,
    text=st.just(0.0) | st.floats(0.01, 1),
    related=st.dictionaries(st.sampled_from(["housing", "care"]), labels),
)
HOUSING = Opening(
    name="notices/1",
    organisation="organisations/1",
    format="WORK_SHADOWING",
    themes=frozenset({"housing"}),
    skills=frozenset({"housing-options"}),
    where=NORWICH,
)


def test_the_story_told_in_reasons() -> None:
    needed = replace(HOUSING, name="notices/2", organisation="organisations/2", where=IPSWICH)

    found = score(HOUSING, needed, Sight(text=0.5))

    assert [ENGLISH.term(term) for term in found.terms] == [
        "Their texts say similar things",
        "Both name housing options",
        "Both are about housing",
        "Ipswich and Norwich are 40 miles apart",
        "Dates are open",
        "The grades fit",
        "Both are for work shadowing",
    ]
    assert WELSH.term(found.terms[1]) == "Mae’r ddau’n enwi housing options"
    assert found.value == pytest.approx(0.2 + 0.15 + 0.15 + 0.0574 + 0.05 + 0.05 + 0.05, abs=0.001)


def test_what_is_near_counts_as_part_of_the_same() -> None:
    own = replace(HOUSING, themes=frozenset(), has_wishes=False)
    other = replace(own, skills=frozenset({"homelessness"}))
    sight = Sight(related={"housing-options": frozenset({"homelessness"})})

    same, near, none = score(own, own, sight), score(own, other, sight), score(own, other, Sight())

    assert same.value - near.value == pytest.approx(0.4 * WEIGHTS.subjects)
    assert none.value == 0
    assert near_skills(own, other, sight) == {"housing-options": "homelessness"}
    assert not missing_skills(own, other, sight)


def test_what_is_rare_says_more() -> None:
    own = replace(HOUSING, themes=frozenset(), skills=frozenset({"a", "b"}), has_wishes=False)
    sight = Sight(rarity=lambda skill: {"a": 3.0, "b": 1.0}[skill])

    rare = score(own, replace(own, skills=frozenset({"a"})), sight)
    common = score(own, replace(own, skills=frozenset({"b"})), sight)

    assert rare.value - common.value == pytest.approx(WEIGHTS.subjects / 2)


def test_twins_score_one() -> None:
    twin = replace(HOUSING, start=date(2027, 1, 1))

    assert score(twin, twin, Sight(text=1)).value == pytest.approx(1)


def test_nearness_alone_is_no_match() -> None:
    one = Opening(name="notices/1", format="MENTORING", where=NORWICH)

    assert score(one, one, Sight(text=0.1)).value == 0


def test_weights_sum_to_one() -> None:
    assert sum(getattr(WEIGHTS, name) for name in WEIGHTS.__slots__) == pytest.approx(1)


@given(one=openings, other=openings, sight=sights)
def test_a_score_is_the_sum_of_its_reasons(one: Opening, other: Opening, sight: Sight) -> None:
    found = score(one, other, sight)

    assert 0 <= found.value <= 1 + 1e-9
    assert found.value == sum(each.contribution for each in found.terms)
    assert all(each.contribution > 0 for each in found.terms)
    assert all(ENGLISH.term(each) and WELSH.term(each) for each in found.terms)
    contributions = [each.contribution for each in found.terms]
    assert contributions == sorted(contributions, reverse=True)


@given(one=openings, other=openings, text=st.just(0.0) | st.floats(0.01, 1))
def test_of_two_with_wishes_it_does_not_matter_who_comes_first(
    one: Opening, other: Opening, text: float
) -> None:
    one, other = replace(one, has_wishes=True), replace(other, has_wishes=True)
    sight = Sight(text=text)

    assert score(one, other, sight).value == pytest.approx(score(other, one, sight).value)


@given(one=openings, other=openings, sight=sights)
def test_without_the_evidence_that_is_named_the_score_is_lower(
    one: Opening, other: Opening, sight: Sight
) -> None:
    other = replace(other, has_wishes=False)
    found = score(one, other, sight)
    for term in found.terms:
        less, unseen = other, sight
        if term.code == "SHARED_SKILLS":
            less = replace(other, skills=other.skills - one.skills)
        elif term.code == "SHARED_THEMES":
            less = replace(other, themes=other.themes - one.themes)
        elif term.code == "SIMILAR_TEXTS":
            unseen = replace(sight, text=0.0)
        elif term.code == "SAME_FORMAT":
            less = replace(other, format="SWAP")
        else:
            continue
        assert score(one, less, replace(unseen, related={})).value < found.value


@given(one=openings, other=openings, sight=sights)
def test_a_counterfactual_is_better_and_true(one: Opening, other: Opening, sight: Sight) -> None:
    found = score(one, other, sight)

    change = best_change(Match(one, other, sight, found), ENGLISH)

    if change is not None:
        assert change.text
        assert change.score > found.value


def test_a_counterfactual_says_what_would_help_most() -> None:
    other = replace(HOUSING, name="notices/2", where=Where("Leeds", 53.8, -1.55), has_wishes=False)
    found = score(HOUSING, other, Sight(text=0.5))

    change = best_change(Match(HOUSING, other, Sight(text=0.5), found), ENGLISH)

    assert change is not None
    assert change.code == "REMOTE"
    assert change.score - found.value == pytest.approx(WEIGHTS.distance)


def test_an_explanation_shows_the_sentences_that_meet() -> None:
    notice = a_notice(body="We are a small team. Our homelessness prevention officers are swamped.")
    sight = Sight(text=0.5)
    match = Match(HOUSING, HOUSING, sight, score(HOUSING, HOUSING, sight))

    text = "Somebody wants to learn. She would like homelessness prevention work."
    shown = explain(match, notice, text, ENGLISH)

    assert shown.sentences.own == "She would like homelessness prevention work."
    assert shown.sentences.other == "Our homelessness prevention officers are swamped."
    assert list(shown.shared_skills) == ["housing-options"]


def test_nothing_that_says_who_somebody_is_can_count() -> None:
    """No name, sex, age or postcode: a profile and a notice come down to these."""
    assert {each.name for each in fields(Opening)} == {
        *("name", "organisation", "region", "format", "themes", "skills", "grades", "where"),
        *("is_remote", "start", "end", "has_wishes", "travel_miles", "giving", "levels"),
        *("vetting_needed", "vetting_held", "is_full", "new_partners_only"),
    }


@given(one=openings, other=openings, sight=sights, label=st.text(max_size=8))
def test_what_a_place_or_a_notice_is_called_changes_no_score(
    one: Opening, other: Opening, sight: Sight, label: str
) -> None:
    renamed = replace(one, name=f"notices/{label}")
    if one.where is not None:
        renamed = replace(renamed, where=replace(one.where, label=label))

    assert score(renamed, other, sight).value == score(one, other, sight).value


@given(
    one=openings,
    other=openings,
    barred=st.builds(
        Barred,
        dismissed=st.just({("notices/1", "notices/2")}),
        kin=organisations,
        partners=organisations,
        unmanaged=organisations,
        organisations=organisations,
    ),
)
def test_every_exclusion_has_a_reason_in_both_languages(
    one: Opening, other: Opening, barred: Barred
) -> None:
    for code in exclusions(one, other, barred):
        assert code in CODES
        assert ENGLISH.rule(code) != WELSH.rule(code)
    assert set(RULES) == set(CODES)


def test_the_rules_one_by_one() -> None:
    spring = replace(HOUSING, start=date(2027, 3, 1), end=date(2027, 5, 31))
    autumn = replace(HOUSING, name="notices/2", organisation="organisations/2")
    autumn = replace(autumn, start=date(2027, 9, 1))
    junior = replace(HOUSING, grades=frozenset({"FRONT_LINE"}))
    senior = replace(autumn, start=None, grades=frozenset({"SENIOR"}))
    homely = replace(HOUSING, travel_miles=20)

    assert list(exclusions(HOUSING, HOUSING, NOBODY_BARRED)) == [SAME_ORGANISATION]
    assert list(exclusions(spring, autumn, NOBODY_BARRED)) == [DATES]
    assert list(exclusions(junior, senior, NOBODY_BARRED)) == [GRADE_GAP]
    assert list(exclusions(homely, replace(senior, where=IPSWICH), NOBODY_BARRED)) == [TOO_FAR]
    assert not list(exclusions(homely, replace(senior, is_remote=True), NOBODY_BARRED))
    dismissed = Barred(dismissed={("notices/1", "notices/2")})
    assert list(exclusions(HOUSING, senior, dismissed)) == [DISMISSED]


def test_the_rules_on_what_is_asked_of_who_comes() -> None:
    school = replace(HOUSING, vetting_needed=ENHANCED)
    other = replace(HOUSING, name="notices/2", organisation="organisations/2")
    checked, unchecked = replace(other, vetting_held=ENHANCED), replace(other, vetting_held=BASIC)

    assert list(exclusions(school, unchecked, NOBODY_BARRED)) == [VETTING]
    assert list(exclusions(unchecked, school, NOBODY_BARRED)) == [VETTING]
    assert not list(exclusions(school, checked, NOBODY_BARRED))
    assert not list(exclusions(school, other, NOBODY_BARRED))  # they have not said
    assert list(exclusions(HOUSING, replace(other, is_full=True), NOBODY_BARRED)) == [FULL]


def test_the_rules_on_who_organisations_are() -> None:
    other = replace(HOUSING, name="notices/2", organisation="organisations/2")
    theirs = {"organisations/2"}
    picky = replace(other, new_partners_only=True)

    assert list(exclusions(HOUSING, other, Barred(kin=theirs))) == [SAME_GROUP]
    assert list(exclusions(HOUSING, picky, Barred(partners=theirs))) == [PAST_PARTNER]
    assert not list(exclusions(HOUSING, other, Barred(partners=theirs)))
    assert list(exclusions(HOUSING, other, Barred(unmanaged=theirs))) == [NO_MANAGER]
    assert list(exclusions(other, HOUSING, Barred(unmanaged=theirs))) == [NO_MANAGER]


def test_a_level_that_falls_short_counts_for_less_and_is_said() -> None:
    wanted = replace(HOUSING, themes=frozenset(), giving=1, levels={"housing-options": 4})
    offered = replace(wanted, giving=2, has_wishes=False, levels={"housing-options": 2})
    expert = replace(offered, levels={"housing-options": 5})
    silent = replace(offered, levels={})

    short, more, unsaid = (score(wanted, each, Sight()) for each in (offered, expert, silent))

    assert more.value == unsaid.value
    assert more.value - short.value == pytest.approx(WEIGHTS.subjects * 2 * 0.2)
    assert ENGLISH.term(short.terms[0]) == (
        "Both name housing options (level 2 where 4 is asked for)"
    )
    change = best_change(Match(wanted, offered, Sight(), short), ENGLISH)
    assert change is not None
    assert change.code == "LEVEL"
    assert change.score == pytest.approx(more.value)


def test_who_wants_to_learn_gives_what_they_know_to_who_needs_it() -> None:
    needed = replace(HOUSING, giving=0, levels={"housing-options": 3})
    wanted = replace(HOUSING, giving=1, levels={"housing-options": 2})

    assert shortfalls(needed, wanted) == shortfalls(wanted, needed) == {"housing-options": 1}
    assert not shortfalls(needed, needed)


@given(parents=st.dictionaries(st.sampled_from("abcd"), st.sampled_from("abcd")))
def test_of_one_group_everybody_has_the_same_root(parents: dict[str, str]) -> None:
    for name, above in parents.items():
        assert root_of(parents, name) == root_of(parents, above)


@given(one=grades, other=grades)
def test_gaps_between_grades_are_the_same_both_ways(
    one: frozenset[str], other: frozenset[str]
) -> None:
    assert rungs_between(one, other) == rungs_between(other, one)
    assert rungs_between(one, one) == 0


@given(one=openings, other=openings)
def test_common_days_are_in_both(one: Opening, other: Opening) -> None:
    common = common_days(one, other)
    if common and common[0] and common[1]:
        assert common[0] <= common[1]


@pytest.mark.parametrize(("away", "near"), [(0, 1), (10, 1), (45, 0.5), (80, 0), (500, 0)])
def test_closeness_falls_with_the_miles(away: float, near: float) -> None:
    assert closeness(away) == pytest.approx(near)
