"""How far something of another region can be relied on, and what the region is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from interchange.opportunities.v1 import notices_pb2 as pb

from chassis.partner_regions import Regions, Standpoint, freshness, in_words

AT = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(0), pb.CURRENT),
        (timedelta(hours=24), pb.CURRENT),
        (timedelta(hours=24, seconds=1), pb.MAY_BE_OUT_OF_DATE),
        (timedelta(hours=72), pb.MAY_BE_OUT_OF_DATE),
        (timedelta(hours=72, seconds=1), pb.OUT_OF_DATE),
    ],
)
def test_what_is_older_can_be_relied_on_less(
    age: timedelta, expected: pb.Freshness.ValueType
) -> None:
    assert freshness(AT - age, AT) == expected


def test_what_was_never_heard_may_be_out_of_date() -> None:
    assert freshness(None, AT) == pb.MAY_BE_OUT_OF_DATE


@pytest.mark.parametrize(
    ("code", "words"),
    [("scotland", "Scotland"), ("east-of-england", "East of England"), ("of-mice", "Of Mice")],
)
def test_a_code_is_read_as_words(code: str, words: str) -> None:
    assert in_words(code) == words


def test_a_notice_is_shown_with_its_region_and_the_one_kept_is_not_touched() -> None:
    regions = Regions("east", {"scotland": Standpoint("scotland", "Scotland", "ACTIVE", AT)})
    kept = pb.Notice(region="scotland")

    shown = regions.show(kept, at=AT)

    assert (shown.region_display_name, shown.freshness) == ("Scotland", pb.CURRENT)
    assert kept == pb.Notice(region="scotland")


def test_an_own_notice_is_shown_as_it_is() -> None:
    own = pb.Notice(region="east")

    assert Regions("east").show(own, at=AT) is own


def test_regions_are_hidden_while_they_are_suspended() -> None:
    states = ("ACTIVE", "STALE", "THROTTLED", "FORKED", "SUSPENDED", "REMOVED")
    regions = Regions("east", {each: Standpoint(each, each, each, AT) for each in states})

    assert regions.hidden == ["SUSPENDED", "REMOVED"]
