"""Who is shown when many are about as good."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from services.matching.suggestions.fairness import MOST_OF_ONE, SHOWN_FIRST, Ranked, fair_order

items = st.lists(
    st.tuples(st.floats(0.01, 1), st.integers(0, 6), st.integers(0, 50)), max_size=40
).map(
    lambda rows: (
        sorted(
            (Ranked(f"n{i}", f"o{org}", fit) for i, (fit, org, _) in enumerate(rows)),
            key=lambda each: -each.fit,
        ),
        {f"n{i}": shown for i, (_, _, shown) in enumerate(rows)},
    )
)


@given(drawn=items)
def test_everything_stays_and_nothing_clearly_better_gives_way(
    drawn: tuple[list[Ranked], dict[str, int]],
) -> None:
    ranked, shown = drawn

    ordered = fair_order(ranked, shown.__getitem__)

    assert Counter(ordered) == Counter(ranked)
    if len(ranked) > SHOWN_FIRST:
        edge = ranked[SHOWN_FIRST - 1].fit
        first = ordered[:SHOWN_FIRST]
        assert all(each in first for each in ranked if each.fit > edge / 0.9)
        assert all(each.fit >= edge * 0.9 for each in first)


def test_one_organisation_does_not_fill_the_first_ten() -> None:
    big = [Ranked(f"b{i}", "big", 0.80) for i in range(10)]
    small = [Ranked(f"s{i}", f"small{i}", 0.79) for i in range(10)]

    first = fair_order([*big, *small], lambda _: 0)[:SHOWN_FIRST]

    assert sum(each.organisation == "big" for each in first) == MOST_OF_ONE


def test_what_was_shown_less_comes_first_among_equals() -> None:
    ranked = [Ranked(f"n{i}", f"o{i}", 0.8) for i in range(12)]

    first = fair_order(ranked, lambda name: 0 if name in ("n10", "n11") else 9)[:2]

    assert [each.name for each in first] == ["n10", "n11"]
