"""Pairing: against brute force, against a plain reading of the rules, and with proofs that hold."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.distance import miles
from services.matching.pairing.answering import Answer, pair
from services.matching.pairing.applicants import (
    BALANCED,
    LEARNING,
    NEARBY,
    POINTS,
    Applicant,
    Couple,
    Days,
    Rules,
    Side,
    Wishes,
    couple,
)
from services.matching.pairing.candidates import graph_of
from services.matching.pairing.comparing import compare
from services.matching.pairing.explaining import Change, Relaxation, Why
from services.matching.pairing.fitting import Reason, fit
from services.matching.pairing.graph import Graph, chosen
from services.matching.pairing.pool import pool_of, sides
from services.matching.pairing.solving import solve
from services.matching.pairing.verifying import verify

RULES = Rules(date(2027, 1, 1), date(2027, 3, 31))
NONE = Wishes()
NORWICH, IPSWICH, LEEDS = (52.63, 1.30), (52.06, 1.16), (53.80, -1.55)  # 40 miles, and far


def a_leader(name: str, side: Side = Side.FIRST, **fields: object) -> Applicant:
    """Of an organisation of their own."""
    known = {"organisation": f"organisation of {name}", **fields}
    return Applicant(name=name, side=side, **known)  # type: ignore[arg-type]


def a_host(name: str, **fields: object) -> Applicant:
    return a_leader(name, Side.SECOND, **fields)


def couples(answer: Answer) -> set[Couple]:
    return {(each.one, each.other) for each in answer.pairs}


# Against brute force


@st.composite
def graphs(draw: st.DrawFn, *, is_pool: bool, has_quotas: bool = True) -> Graph:
    size = draw(st.integers(2, 8))
    is_first = np.array([draw(st.booleans()) for _ in range(size)])
    possible = [
        (one, other)
        for one in range(size)
        for other in range(size)
        if (one < other if is_pool else is_first[one] and not is_first[other])
    ]
    pairs = draw(st.lists(st.sampled_from(possible), unique=True, max_size=10)) if possible else []
    points = [draw(st.integers(0, 5)) for _ in pairs]
    kept = _a_matching([each for each in pairs if draw(st.booleans())])
    # Between two sides an organisation stands on one of them.
    organisation = [draw(st.sampled_from((-1, 0, 1))) for _ in range(size)]
    if not is_pool:
        organisation = [
            o if o < 0 else int(side) for o, side in zip(organisation, is_first, strict=True)
        ]
    quota = [draw(st.integers(-1, 2)) if has_quotas else -1 for _ in range(2)]
    return Graph(
        size=size,
        is_first=None if is_pool else is_first,
        one=np.array([each[0] for each in pairs], np.int64),
        other=np.array([each[1] for each in pairs], np.int64),
        points=np.array(points, np.int64),
        is_kept=np.array([each in kept for each in pairs], np.bool_),
        organisation=np.array(organisation, np.int64),
        quota=np.array(quota, np.int64),
    )


def _a_matching(pairs: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    taken: set[int] = set()
    found = set()
    for each in pairs:
        if taken.isdisjoint(each):
            found.add(each)
            taken.update(each)
    return found


Value = tuple[int, int, int, int]
NO_NEW = 99  # better than any worst


def value(graph: Graph, edges: Sequence[int]) -> Value:
    """By what choices are compared: pairs, kept ones, the worst new one, the sum."""
    new = [int(graph.points[e]) for e in edges if not graph.is_kept[e]]
    kept = sum(bool(graph.is_kept[e]) for e in edges)
    return len(edges), kept, min(new, default=NO_NEW), sum(int(graph.points[e]) for e in edges)


def every_choice(graph: Graph) -> Iterator[list[int]]:
    def choose(at: int, used: frozenset[int], edges: list[int]) -> Iterator[list[int]]:
        if at == len(graph):
            if _within_quotas(graph, used):
                yield edges
            return
        yield from choose(at + 1, used, edges)
        ends = {int(graph.one[at]), int(graph.other[at])}
        if used.isdisjoint(ends):
            yield from choose(at + 1, used | ends, [*edges, at])

    yield from choose(0, frozenset(), [])


def _within_quotas(graph: Graph, used: frozenset[int]) -> bool:
    whose = [int(graph.organisation[each]) for each in used]
    return all(quota < 0 or whose.count(o) <= quota for o, quota in enumerate(graph.quota))


@settings(max_examples=60, deadline=None)
@given(graphs(is_pool=False))
def test_between_two_sides_nothing_is_better_and_that_is_proved(graph: Graph) -> None:
    solution = solve(graph)

    found = np.flatnonzero(chosen(graph, solution.matching)).tolist()
    assert value(graph, found) == max(value(graph, each) for each in every_choice(graph))
    assert verify(graph, solution).is_proved


@settings(max_examples=30, deadline=None)
@given(graphs(is_pool=True))
def test_in_one_pool_nothing_is_better(graph: Graph) -> None:
    solution = solve(graph)

    found = np.flatnonzero(chosen(graph, solution.matching)).tolist()
    assert value(graph, found) == max(value(graph, each) for each in every_choice(graph))
    assert not verify(graph, solution).wrong


@settings(max_examples=30, deadline=None)
@given(graphs(is_pool=True, has_quotas=False))
def test_in_one_pool_without_quotas_that_is_proved(graph: Graph) -> None:
    assert verify(graph, solve(graph)).is_proved


@settings(max_examples=30, deadline=None)
@given(graphs(is_pool=False), st.randoms(use_true_random=False))
def test_the_verifier_sees_through_a_worse_answer(graph: Graph, chance: random.Random) -> None:
    solution = solve(graph)
    other = chance.choice(list(every_choice(graph)))
    matching = np.full(graph.size, -1)
    for edge in other:
        matching[graph.one[edge]], matching[graph.other[edge]] = graph.other[edge], graph.one[edge]
    pairs, kept, _, total = value(graph, other)
    told = replace(solution, matching=matching, pairs=pairs, kept=kept, total=total)

    best = np.flatnonzero(chosen(graph, solution.matching)).tolist()
    assert verify(graph, told).is_proved == (value(graph, other) == value(graph, best))


# Against a plain reading of the rules

THEMES = ("housing", "data", "care", "boards")
PLACES = (None, NORWICH, IPSWICH, LEEDS)


@st.composite
def leaders(draw: st.DrawFn, name: str, side: Side) -> Applicant:
    themes = st.frozensets(st.sampled_from(THEMES))
    place = draw(st.sampled_from(PLACES))
    first = date(2026, 12, 20) + timedelta(days=draw(st.integers(0, 120)))
    days = (Days(first, first + timedelta(days=draw(st.integers(0, 30)))),)
    return Applicant(
        name=name,
        organisation=draw(st.sampled_from("abc")),
        side=side,
        grade=draw(st.integers(0, 6)),
        latitude=place[0] if place else None,
        longitude=place[1] if place else None,
        travel_miles=draw(st.sampled_from((0, 30, 60, 300))),
        is_remote_welcome=draw(st.booleans()),
        wants=draw(themes),
        offers=draw(themes),
        days=days if draw(st.booleans()) else (),
        conflicts=draw(st.frozensets(st.sampled_from("abc"), max_size=1)),
    )


def days_of(person: Applicant) -> set[date]:
    every = {RULES.first_day + timedelta(days=n) for n in range(90)}
    if not person.days:
        return every
    return {day for day in every for each in person.days if each.start <= day <= each.end}


def apart(one: Applicant, other: Applicant) -> float:
    if not (one.has_place and other.has_place):
        return 0.0
    return miles(one.latitude, one.longitude, other.latitude, other.longitude)  # type: ignore[arg-type]


def gap(one: Applicant, other: Applicant) -> int:
    bands = [min(each.grade, 5) for each in (one, other)]
    return abs(bands[0] - bands[1]) if all(bands) else 0


def plain_reason(one: Applicant, other: Applicant, rules: Rules) -> Reason:
    """The rules, one after the other."""
    both_remote = one.is_remote_welcome and other.is_remote_welcome
    limit = min(one.travel_miles or 10_000, other.travel_miles or 10_000)
    if one.organisation == other.organisation:
        return Reason.SAME_ORGANISATION
    if other.organisation in one.conflicts or one.organisation in other.conflicts:
        return Reason.CONFLICT
    if gap(one, other) > rules.grade_gap:
        return Reason.GRADE_GAP
    if apart(one, other) > limit and not both_remote:
        return Reason.TOO_FAR
    if len(days_of(one) & days_of(other)) < rules.common_days:
        return Reason.NO_COMMON_DAYS
    return Reason.ALLOWED


@settings(max_examples=150, deadline=None)
@given(leaders("1", Side.FIRST), leaders("2", Side.SECOND), st.integers(1, 20), st.integers(0, 5))
def test_pairs_are_judged_as_the_rules_read(
    one: Applicant, other: Applicant, common_days: int, grade_gap: int
) -> None:
    rules = replace(RULES, common_days=common_days, grade_gap=grade_gap)
    pool = pool_of([one, other], rules)

    block = fit(pool, *sides(pool), rules, NONE)

    assert block.reason[0, 0] == plain_reason(one, other, rules)
    assert 0 <= block.points[0, 0] <= POINTS


@pytest.mark.parametrize("weights", [BALANCED, NEARBY, LEARNING])
def test_a_perfect_pair_has_all_points(weights: object) -> None:
    rules = replace(RULES, weights=weights)  # type: ignore[arg-type]
    place = {"latitude": NORWICH[0], "longitude": NORWICH[1]}
    people = [
        a_leader("1", wants=frozenset({"data"}), offers=frozenset({"care"}), grade=4, **place),
        a_host("2", wants=frozenset({"care"}), offers=frozenset({"data"}), grade=4, **place),
    ]

    (found,) = pair(people, rules, NONE).pairs

    assert found.points == sum(found.terms.values()) == POINTS
    assert found.miles == 0


def test_less_shared_gives_fewer_points_in_that_term_alone() -> None:
    shared = {"wants": frozenset({"data"}), "offers": frozenset({"data"})}
    strange = {"wants": frozenset({"data"}), "offers": frozenset({"care"})}

    (with_it,) = pair([a_leader("1", **shared), a_host("2", **shared)], RULES, NONE).pairs
    (without,) = pair([a_leader("1", **shared), a_host("2", **strange)], RULES, NONE).pairs

    assert without.terms["WISHES"] < with_it.terms["WISHES"]
    assert {**without.terms, "WISHES": 0} == {**with_it.terms, "WISHES": 0}


# What coordinators and applicants settle


def four() -> list[Applicant]:
    return [a_leader("1"), a_leader("2"), a_host("3"), a_host("4")]


def test_the_order_of_applications_changes_nothing() -> None:
    people = [*four(), a_leader("5", wants=frozenset({"data"})), a_host("6")]
    first = pair(people, RULES, NONE)

    for turn in range(6):
        assert pair(people[turn:] + people[:turn], RULES, NONE) == first


def test_a_locked_pair_is_a_pair_against_all_rules() -> None:
    people = [a_leader("1", organisation="x"), a_leader("2"), a_host("3", organisation="x")]

    answer = pair(people, RULES, Wishes(locked=frozenset({("1", "3")})))

    assert couples(answer) == {("1", "3")}
    assert answer.pairs[0].is_locked
    assert [each.name for each in answer.unpaired] == ["2"]
    assert answer.unpaired[0].excluded == {Reason.LOCKED_WITH_ANOTHER: 1}


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ("forbidden", Reason.FORBIDDEN),
        ("apart", Reason.KEPT_APART),
        ("met", Reason.PAST_PARTNER),
    ],
)
def test_who_must_not_meet_does_not(wish: str, reason: Reason) -> None:
    answer = pair([a_leader("1"), a_host("2")], RULES, Wishes(**{wish: frozenset({("1", "2")})}))

    assert not answer.pairs
    assert answer.unpaired[0].why is Why.NOBODY_ALLOWED
    assert answer.unpaired[0].excluded == {reason: 1}


def test_who_applied_together_meets_nobody_else() -> None:
    answer = pair(four(), RULES, Wishes(together=frozenset({("2", "3")})))

    assert couples(answer) == {("1", "4"), ("2", "3")}


def test_an_organisation_has_no_more_pairs_than_its_quota() -> None:
    council = [a_leader(f"1{n}", organisation="council") for n in range(3)]
    hosts = [a_host(f"2{n}") for n in range(3)]

    answer = pair(council + hosts, replace(RULES, organisation_quota=1), NONE)

    assert len(answer.pairs) == 1
    of_council = [each for each in answer.unpaired if each.name.startswith("1")]
    assert {each.why for each in of_council} == {Why.QUOTA_FULL}
    assert of_council[0].relaxation == Relaxation(Change.QUOTA, 1)
    assert answer.is_proved


def test_one_pool_pairs_anybody_with_anybody() -> None:
    people = [a_leader(str(n), Side.POOL) for n in range(5)]

    answer = pair(people, RULES, NONE)

    assert len(answer.pairs) == 2
    assert answer.is_proved
    assert answer.unpaired[0].why is Why.OUTNUMBERED


# Who has no partner, and what would help


def test_ten_miles_more_would_give_a_pair() -> None:
    near = {"latitude": NORWICH[0], "longitude": NORWICH[1]}
    away = {"latitude": IPSWICH[0], "longitude": IPSWICH[1]}
    people = [a_leader("1", travel_miles=35, **near), a_host("2", **away)]

    (one, other) = pair(people, RULES, NONE).unpaired

    assert one.excluded == {Reason.TOO_FAR: 1}
    assert one.relaxation == Relaxation(Change.TRAVEL, 10)
    assert other.relaxation is None  # it is not their limit


@pytest.mark.parametrize(
    ("fields", "wishes", "change"),
    [
        ({"days": (Days(date(2027, 3, 1), date(2027, 3, 9)),)}, NONE, Relaxation(Change.DATES)),
        ({"grade": 3}, NONE, Relaxation(Change.GRADE, 1)),
        ({}, Wishes(forbidden=frozenset({("1", "2")})), Relaxation(Change.FORBIDDEN)),
    ],
)
def test_one_change_is_named_for_who_has_no_partner(
    fields: dict[str, object], wishes: Wishes, change: Relaxation
) -> None:
    january = (Days(date(2027, 1, 1), date(2027, 1, 9)),)
    people = [a_leader("1", **fields), a_host("2", grade=5, days=january)]

    assert pair(people, RULES, wishes).unpaired[0].relaxation == change


def test_no_change_is_named_where_none_helps() -> None:
    people = [a_leader("1"), a_leader("2"), a_host("3")]

    (left,) = pair(people, RULES, NONE).unpaired

    assert left.why is Why.OUTNUMBERED
    assert left.relaxation is None


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_is_named_gives_one_pair_more(data: st.DataObject) -> None:
    people = [data.draw(leaders(str(n), Side.FIRST if n < 3 else Side.SECOND)) for n in range(6)]
    before = pair(people, RULES, NONE)

    for left in before.unpaired:
        if left.relaxation and left.relaxation.change is Change.TRAVEL:
            more = [
                replace(each, travel_miles=each.travel_miles + left.relaxation.amount)
                if each.name == left.name
                else each
                for each in people
            ]
            assert len(pair(more, RULES, NONE).pairs) == len(before.pairs) + 1


# The second run


def test_after_a_drop_out_the_others_keep_their_partners() -> None:
    chance = random.Random(7)
    people = [
        a_leader(
            f"{n:02}",
            Side.FIRST if n % 2 else Side.SECOND,
            wants=_some(chance),
            offers=_some(chance),
        )
        for n in range(40)
    ]
    before = pair(people, RULES, NONE)
    published = Wishes(published=frozenset(couples(before)))
    gone = before.pairs[0].one

    after = pair([each for each in people if each.name != gone], RULES, published)

    difference = compare(couples(before), couples(after))
    assert len(after.pairs) == 19
    assert len(difference.same) == 19
    assert after.is_proved


def _some(chance: random.Random) -> frozenset[str]:
    return frozenset(chance.sample(THEMES, 2))


def test_a_pair_is_changed_where_that_makes_one_pair_more() -> None:
    # 1 could meet 3 only, 2 anybody; 1 came after 2 and 3 were published.
    people = [a_leader("1", conflicts=frozenset({"organisation of 4"})), *four()[1:]]

    answer = pair(people, RULES, Wishes(published=frozenset({("2", "3")})))

    assert couples(answer) == {("1", "3"), ("2", "4")}


def test_two_runs_are_compared() -> None:
    found = compare([("1", "3"), ("2", "4")], [("1", "4"), ("2", "5")])

    assert not found.same
    assert found.gained == {"5"}
    assert found.lost == {"3"}
    assert found.changed == {"1", "2", "4"}


def test_a_large_cohort_looks_at_each_persons_best(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(3)
    people = [
        a_leader(
            f"{n:03}",
            Side.FIRST if n % 2 else Side.SECOND,
            wants=_some(chance),
            offers=_some(chance),
        )
        for n in range(160)
    ]
    pool = pool_of(people, RULES)
    whole = solve(graph_of(pool, RULES, NONE))
    monkeypatch.setattr("services.matching.pairing.candidates.MOST_AT_ONCE", 100)

    few = graph_of(pool, RULES, NONE)
    solution = solve(few)

    assert len(few) < 80 * 80
    assert verify(few, solution).is_proved
    assert solution.pairs == whole.pairs
    assert couple("2", "1") == ("1", "2")
