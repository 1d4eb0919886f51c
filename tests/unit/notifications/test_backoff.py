"""When a mail is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from tests.unit.notifications.conftest import BACKOFF

QUEUED = datetime(2026, 11, 24, 9, tzinfo=UTC)
waits = some.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=72))
chances = some.floats(min_value=0, max_value=1)


def tries(chance: float) -> list[timedelta]:
    """How long after the queueing each try comes, when each fails at once."""
    at, found = QUEUED, [timedelta(0)]
    while following := BACKOFF.next_attempt(QUEUED, at, chance):
        found.append(following - QUEUED)
        at = following
    return found


def test_waits_double_from_a_minute_to_four_hours_over_two_days() -> None:
    minutes = [round(each.total_seconds() / 60) for each in tries(0.5)]

    assert minutes[:10] == [0, 1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert minutes[-1] == 48 * 60
    assert len(minutes) == 21


@given(waited=waits, chance=chances)
def test_a_next_try_is_neither_at_once_nor_far_off(waited: timedelta, chance: float) -> None:
    at = QUEUED + waited

    following = BACKOFF.next_attempt(QUEUED, at, chance)

    if waited >= BACKOFF.give_up_after:
        assert following is None
    else:
        assert following
        assert timedelta(seconds=48) <= following - at <= timedelta(hours=4.8)


@given(chance=chances)
def test_it_ends_about_when_it_should(chance: float) -> None:
    assert timedelta(0) <= tries(chance)[-1] - BACKOFF.give_up_after <= BACKOFF.first


def test_those_that_failed_together_do_not_come_together() -> None:
    at = QUEUED + timedelta(hours=1)

    assert len({BACKOFF.next_attempt(QUEUED, at, chance / 10) for chance in range(11)}) == 11
