"""The demonstrations are whole: everybody has an organisation, and who is said to sign in is there."""

from __future__ import annotations

from datetime import date

import pytest
from interchange.opportunities.v1 import notices_pb2 as pb

from demo.cohorts import applicants
from demo.notices import notices
from demo.people import managers, participants
from demo.regions import ALL, demonstration_of
from demo.regions.demonstration import Demonstration
from demo.sign_ins import OPERATOR, SIGN_INS, sign_ins_of

EVERY = pytest.mark.parametrize("one", ALL.values(), ids=ALL.keys())
COUNCILS = {"east-of-england": 50, "south-west": 33, "scotland": 32}


@EVERY
def test_every_council_is_there_once(one: Demonstration) -> None:
    organisations = one.organisations()

    assert sum(bool(each.ons_code) for each in organisations) == COUNCILS[one.code]
    assert len({each.key for each in organisations}) == len(organisations)
    assert all(", " not in each.key and each.town for each in organisations)


@EVERY
def test_everybody_belongs_somewhere_and_has_an_address_of_their_own(one: Demonstration) -> None:
    organisations = one.organisations()
    people = [
        *managers(organisations, one.cast).values(),
        *participants(organisations, one.size.people),
        *(each for each in one.cast if not each.key.endswith(".manager")),
    ]
    keys = {each.key for each in organisations}

    assert {each.organisation for each in people} <= keys
    assert len({each.address for each in people}) == len(people)
    assert one.asker in {each.key for each in one.cast}


@EVERY
def test_who_is_said_to_sign_in_is_of_the_cast(one: Demonstration) -> None:
    assert list(SIGN_INS[one.code]) == [each.address for each in one.cast]


@EVERY
def test_some_notices_are_for_the_whole_network(one: Demonstration) -> None:
    made = list(notices(one.story, one.organisations(), date(2026, 11, 25), one.size.notices))

    assert len(made) == one.size.notices
    assert sum(each.notice.visibility == pb.NETWORK for each in made) >= 5


@EVERY
def test_there_are_troubleshooters_to_call_on(one: Demonstration) -> None:
    made = notices(one.story, one.organisations(), date(2026, 11, 25), one.size.notices)
    offered = [each.notice for each in made if each.notice.kind == pb.OFFERED]

    assert sum(each.format == pb.TROUBLESHOOTING for each in offered) >= 5


@EVERY
def test_leaders_of_both_sectors_apply_to_the_cohort(one: Demonstration) -> None:
    bodies = one.organisations()
    appointed = managers(bodies, one.cast)
    charities = frozenset(each.key for each in bodies if each.kind == "THIRD_SECTOR")
    members = [e for e in participants(bodies, one.size.people) if e.organisation in appointed]

    people = applicants(members, charities)

    of_charities = [each for each in people if each.organisation in charities]
    assert 1 <= len(of_charities) < len(people) <= 40


def test_a_region_without_one_of_its_own_has_the_east_of_england_s() -> None:
    assert demonstration_of("wales").code == "east-of-england"
    assert sign_ins_of("wales") == sign_ins_of("east-of-england")
    assert sign_ins_of("scotland")[0] == OPERATOR
