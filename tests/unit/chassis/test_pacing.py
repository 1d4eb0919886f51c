"""What comes alone is done at once, and masses are spread."""

from __future__ import annotations

from chassis.pacing import Spread


def test_a_few_in_a_row_wait_for_nothing() -> None:
    spread = Spread(apart_s=0.1, few=5)

    assert [spread.pause_s(100.0) for _ in range(5)] == [0.0] * 5
    assert spread.pause_s(100.0) > 0


def test_of_many_so_many_are_done_as_was_agreed() -> None:
    spread = Spread(apart_s=0.1, few=5)
    at, done = 100.0, 0

    while at < 110.0:
        done += 1
        at += spread.pause_s(at) + 0.001

    assert 95 <= done <= 106


def test_who_has_rested_may_do_a_few_again() -> None:
    spread = Spread(apart_s=0.1, few=5)
    for _ in range(20):
        spread.pause_s(100.0)

    assert [spread.pause_s(200.0) for _ in range(5)] == [0.0] * 5
