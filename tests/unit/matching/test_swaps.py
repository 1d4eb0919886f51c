"""Swaps: nothing is better than what is found, what is found can be proposed, and reasons are the rule itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.distance import point
from services.matching.swaps.checking import faults
from services.matching.swaps.graph import Graph
from services.matching.swaps.legs import BARE, Refusal, fit, graph, refusals
from services.matching.swaps.posts import Post, Wish
from services.matching.swaps.rings import Ring, after, cycles
from services.matching.swaps.solving import solve

NORWICH, CAMBRIDGE, LONDON = point(52.63, 1.3), point(52.2, 0.12), point(51.5, -0.12)
OFFICER, SENIOR = 2, 4
PUBLIC, THIRD = 1, 2


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Up to five people and one host."""
    people, hosts = draw(st.integers(2, 5)), draw(st.integers(0, 1))
    pairs = [(a, b) for a in range(people) for b in range(people + hosts) if a != b]
    weights = st.floats(0.75, 1.0)
    arcs = draw(st.dictionaries(st.sampled_from(pairs), weights, max_size=12))
    return Graph(people + hosts, arcs, frozenset(range(people, people + hosts)))


@settings(deadline=None, max_examples=60)
@given(graphs(), st.sampled_from([1.0, 0.9, 0.5]))
def test_nothing_is_better_than_what_is_found(pool: Graph, survival: float) -> None:
    found = solve(pool, time_limit_s=60, longest=4, survival=survival)

    assert found.is_proven
    assert found.worth == pytest.approx(_best(pool, _everything(pool), survival), abs=1e-6)
    assert sum(_expected(pool, ring, survival) for ring in found.rings) == pytest.approx(
        found.worth, abs=1e-6
    )
    assert not list(faults(pool, found.rings, longest=4, longest_chain=3))


@settings(deadline=None, max_examples=60)
@given(graphs(), st.data())
def test_what_is_left_is_the_best_shorter_ring_of_who_stays(
    pool: Graph, data: st.DataObject
) -> None:
    everything = _everything(pool)
    if not everything:
        return
    ring = data.draw(st.sampled_from(everything))
    gone = data.draw(st.sampled_from(ring.members))

    left = after(pool, ring, {gone})

    staying = set(ring.members) - {gone}
    shorter = [each for each in everything if staying.issuperset(each.members)]
    best = max((_weight(pool, each) for each in shorter), default=0.0)
    assert (_weight(pool, left) if left else 0.0) == pytest.approx(best)


def test_a_ring_that_can_degrade_is_preferred() -> None:
    without_back = {(0, 2): 1.0, (1, 0): 1.0, (2, 1): 1.0}
    with_back = {(0, 4): 1.0, (3, 0): 1.0, (4, 3): 1.0, (0, 3): 0.8}

    found = solve(Graph(5, without_back | with_back), time_limit_s=10, longest=3)

    assert found.rings == (Ring((0, 3, 4)),)


def test_a_chain_begins_with_a_host_and_is_no_longer_than_three() -> None:
    pool = Graph(5, {(visitor, visitor + 1): 1.0 for visitor in range(4)}, frozenset({4}))

    found = solve(pool, time_limit_s=10, longest=3)

    assert found.rings == (Ring((4, 3, 2, 1), is_chain=True),)
    assert found.rings[0].legs == ((3, 4), (2, 3), (1, 2))


def test_a_chain_is_cut_where_somebody_drops_out() -> None:
    pool = Graph(4, {(0, 3): 1.0, (1, 0): 1.0, (2, 1): 1.0}, frozenset({3}))
    chain = Ring((3, 0, 1, 2), is_chain=True)

    assert after(pool, chain, {2}) == Ring((3, 0, 1), is_chain=True)
    assert after(pool, chain, {1}) == Ring((3, 0), is_chain=True)
    assert after(pool, chain, {0}) is None


def test_without_time_the_gap_says_that_nothing_is_proven() -> None:
    ticks = iter(range(100))
    pool = Graph(2, {(0, 1): 1.0, (1, 0): 1.0})

    found = solve(pool, time_limit_s=0, longest=3, clock=lambda: float(next(ticks)))

    assert (found.rings, found.gap) == ((), 1.0)


@pytest.mark.parametrize(
    ("ring", "fault"),
    [
        (Ring((0, 1)), "1 would not take the post of 0"),
        (Ring((0,)), "(0,) has 1 members, not 2 to 3"),
        (Ring((0, 2), is_chain=True), "(0, 2) does not begin as a chain does"),
    ],
)
def test_a_wrong_solution_is_found_out(ring: Ring, fault: str) -> None:
    pool = Graph(3, {(0, 1): 1.0, (2, 0): 1.0})

    assert fault in list(faults(pool, [ring], longest=3, longest_chain=3))


def test_nobody_has_two_parts() -> None:
    pool = Graph(3, {(0, 1): 1.0, (1, 0): 1.0, (1, 2): 1.0, (2, 1): 1.0})
    rings = [Ring((0, 1)), Ring((1, 2))]

    assert list(faults(pool, rings, longest=3, longest_chain=3)) == ["1 has 2 parts"]


COUNCIL = Post(
    "notices/a",
    "organisations/a",
    PUBLIC,
    bands=frozenset({OFFICER}),
    place=NORWICH,
    group="organisations/group",
    vetting_held=2,
    first_day=date(2027, 3, 1),
    last_day=date(2027, 3, 31),
    wish=Wish(sectors=frozenset({THIRD}), skills=frozenset({"housing"}), radius_miles=60),
)
CHARITY = Post(
    "notices/b",
    "organisations/b",
    THIRD,
    bands=frozenset({OFFICER, SENIOR}),
    skills=frozenset({"housing", "mediation"}),
    place=CAMBRIDGE,
    first_day=date(2027, 3, 20),
    last_day=date(2027, 4, 20),
    wish=Wish(),
)


@pytest.mark.parametrize(
    ("host", "refusal"),
    [
        (replace(CHARITY, organisation=COUNCIL.organisation), Refusal.SAME_ORGANISATION),
        (replace(CHARITY, group=COUNCIL.group), Refusal.SAME_GROUP),
        (replace(CHARITY, avoids=frozenset({COUNCIL.organisation})), Refusal.PAST_PARTNER),
        (replace(CHARITY, vetting_needed=3), Refusal.VETTING_MISSING),
        (replace(CHARITY, sector=PUBLIC), Refusal.SECTOR_NOT_WANTED),
        (replace(CHARITY, takes_sectors=frozenset({THIRD})), Refusal.SECTOR_NOT_TAKEN),
        (replace(CHARITY, bands=frozenset({SENIOR})), Refusal.GRADE_NOT_TAKEN),
        (replace(CHARITY, skills=frozenset({"mediation"})), Refusal.SKILLS_NOT_THERE),
        (replace(CHARITY, first_day=date(2027, 4, 1)), Refusal.DATES_APART),
        (replace(CHARITY, place=LONDON), Refusal.TOO_FAR),
    ],
)
def test_what_does_not_go_together_has_its_reason(host: Post, refusal: Refusal) -> None:
    assert list(refusals(COUNCIL, CHARITY)) == []
    assert list(refusals(COUNCIL, host)) == [refusal]


def test_a_grade_that_is_not_wanted_is_a_reason() -> None:
    picky = replace(COUNCIL, bands=frozenset(), wish=Wish(bands=frozenset({1})))

    assert list(refusals(picky, CHARITY)) == [Refusal.GRADE_NOT_WANTED]


def test_a_check_of_which_nothing_is_said_is_not_held_against_anybody() -> None:
    assert (
        list(refusals(replace(COUNCIL, vetting_held=0), replace(CHARITY, vetting_needed=3))) == []
    )


def test_a_host_that_needs_nothing_goes_nowhere() -> None:
    assert list(refusals(replace(CHARITY, wish=None), COUNCIL)) == [Refusal.NEEDS_NOTHING]


def test_distance_does_not_matter_for_remote_work() -> None:
    remote = replace(CHARITY, place=LONDON, remote_share=1.0)

    assert list(refusals(COUNCIL, remote)) == []
    assert fit(COUNCIL, remote).near == 1.0


def test_a_fit_rests_on_what_it_says() -> None:
    found = fit(COUNCIL, CHARITY)

    assert found.shared_skills == {"housing"}
    assert found.days_together == 12
    assert found.away_miles == pytest.approx(58, abs=2)
    assert BARE < found.weight < 1
    assert fit(COUNCIL, replace(CHARITY, place=NORWICH)).weight > found.weight


def test_the_pool_has_an_arc_exactly_where_nothing_is_refused() -> None:
    posts = [COUNCIL, CHARITY, replace(CHARITY, notice="notices/c", place=LONDON, wish=None)]

    pool = graph(posts)

    assert set(pool.arcs) == {
        (one, other)
        for one, other in permutations(range(3), 2)
        if not list(refusals(posts[one], posts[other]))
    }
    assert pool.hosts == {2}


def test_every_ring_is_found_once() -> None:
    pool = Graph(4, dict.fromkeys(permutations(range(4), 2), 1.0))

    found = [ring.members for ring in cycles(pool, longest=4)]

    assert len(found) == len(set(found)) == 6 + 8 + 6


def _everything(pool: Graph) -> list[Ring]:
    """All rings up to four and chains up to three legs, the slow way."""
    found = []
    for size in (2, 3, 4):
        for members in permutations(range(pool.size), size):
            is_chain = members[0] in pool.hosts
            ring = Ring(members, is_chain)
            is_first = is_chain or members[0] == min(members)
            if is_first and all(leg in pool.arcs for leg in ring.legs):
                found.append(ring)
    return found


def _weight(pool: Graph, ring: Ring) -> float:
    return sum(pool.arcs[leg] for leg in ring.legs)


def _expected(pool: Graph, ring: Ring, survival: float) -> float:
    """Over all who may stay; a chain falls back to what is before the first who leaves."""
    size, total = len(ring.members), 0.0
    for left in range(2, size + 1):
        for staying in combinations(ring.members, left):
            chance = survival**left * (1 - survival) ** (size - left)
            total += chance * _left(pool, ring, staying)
    return total


def _left(pool: Graph, ring: Ring, staying: tuple[int, ...]) -> float:
    if ring.is_chain:
        kept = 0
        while kept < len(ring.members) and ring.members[kept] in staying:
            kept += 1
        return _weight(pool, Ring(ring.members[:kept], is_chain=True)) if kept > 1 else 0.0
    rings = [each for each in _everything(pool) if not each.is_chain]
    within = [_weight(pool, each) for each in rings if set(each.members) <= set(staying)]
    return max(within, default=0.0)


def _best(
    pool: Graph, rings: list[Ring], survival: float, taken: frozenset[int] = frozenset()
) -> float:
    """By trying all: the worth of the best that share nobody with whom is taken."""
    if not rings:
        return 0.0
    first, *others = rings
    without = _best(pool, others, survival, taken)
    if taken & set(first.members):
        return without
    return max(
        without,
        _expected(pool, first, survival)
        + _best(pool, others, survival, taken | set(first.members)),
    )
