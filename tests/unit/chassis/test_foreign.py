"""Names of foreign things: the same each time, different for each region, never one of our own."""

from __future__ import annotations

import pytest

from chassis.database import new_id
from chassis.errors import InvalidArgument
from chassis.foreign import clean, foreign_id, foreign_name
from chassis.names import parse_name

NOTICE = "notices/0198f6c2-0000-7000-8000-000000000001"


def test_a_foreign_name_never_changes() -> None:
    # Written down in copies of every region: another value here would orphan them all.
    assert foreign_name("scotland", NOTICE) == "notices/3e09df72-e984-5f87-a170-44abc967597d"


def test_a_foreign_name_is_a_name_of_its_collection() -> None:
    assert parse_name("notices", foreign_name("scotland", NOTICE)) == foreign_id("scotland", NOTICE)


def test_two_regions_never_share_a_name() -> None:
    assert foreign_name("scotland", NOTICE) != foreign_name("south-west", NOTICE)


def test_a_foreign_id_is_never_one_of_ours() -> None:
    assert foreign_id("scotland", NOTICE).version != new_id().version


@pytest.mark.parametrize("name", ["", "notices", "notices/", "/x", "1/x"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument, match="BAD_NAME"):
        foreign_name("scotland", name)


def test_no_region_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="BAD_NAME"):
        foreign_name("", NOTICE)


def test_text_from_elsewhere_loses_what_nobody_sees() -> None:
    assert clean(" Ailsa\u202e Mc\x00Gregor\u200f\n") == "Ailsa McGregor"
    assert clean("Two\nlines") == "Two\nlines"
