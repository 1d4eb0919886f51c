"""Finding organisations: by what they are called, do and mean, by kind and place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from interchange.common.v1.types_pb2 import PUBLIC, THIRD, Place
from interchange.identity.v1.events_pb2 import OrganisationRevised
from interchange.identity.v1.organisations_pb2 import Identifier, Organisation
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1 import notices_pb2

from chassis.auth import Principal, acting_as
from chassis.errors import InvalidArgument
from chassis.validation import validate
from services.matching.organisations.directory import Directory
from services.matching.organisations.searching import search
from services.matching.text.artefacts import FOLDER
from services.matching.text.encoder import StaticVectors
from tests.unit.matching.conftest import (
    ESSEX,
    IPSWICH,
    LEEDS,
    NO_CONTEXT,
    NORFOLK,
    NORFOLK_MANAGER,
    NORWICH,
    SUFFOLK,
    VISITOR,
    Desk,
    a_follower,
)

SHELTER = "organisations/0198f6c2-0000-7000-8000-00000000000b"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
AROUND = {"latitude": NORWICH.latitude, "longitude": NORWICH.longitude}


def enter(desk: Desk, name: str, called: str, **fields: Any) -> None:
    content = {
        "kind": Organisation.LOCAL_AUTHORITY,
        "sector": PUBLIC,
        "state": Organisation.VERIFIED,
        "version": 1,
        **fields,
    }
    message = Organisation(name=name, display_name=called, **content)
    desk.hear(OrganisationRevised(organisation=message))


@pytest.fixture
def full(desk: Desk) -> Desk:
    """Three councils and a charity; one of them waits to be verified."""
    enter(desk, NORFOLK, "Norfolk County Council", place=NORWICH)
    enter(desk, SUFFOLK, "Suffolk County Council", place=IPSWICH)
    enter(desk, ESSEX, "Essex County Council", state=Organisation.REGISTERED)
    enter(
        desk,
        SHELTER,
        "Fenland Shelter",
        kind=Organisation.THIRD_SECTOR,
        sector=THIRD,
        place=LEEDS,
        description="We find homes for people who sleep rough, and keep them there.",
        identifiers=[Identifier(scheme="GB-CHC", id="1234567")],
    )
    return desk


def ask(desk: Desk, who: Principal = VISITOR, **fields: Any) -> pb.SearchOrganisationsResponse:
    request = pb.SearchOrganisationsRequest(**fields)
    validate(request)
    with acting_as(who):
        return desk.service.SearchOrganisations(request, NO_CONTEXT)


def found(desk: Desk, **fields: Any) -> list[str]:
    return [each.name for each in ask(desk, **fields).organisations]


def test_without_a_question_all_that_are_verified_come_by_name(full: Desk) -> None:
    assert found(full) == [SHELTER, NORFOLK, SUFFOLK]


@pytest.mark.parametrize("query", ["fenland", "homes", "rough sleep", "shel", "1234567", "Shetler"])
def test_one_is_found_by_name_work_and_number_and_misspelt(full: Desk, query: str) -> None:
    answer = ask(full, query=query)

    assert [each.name for each in answer.organisations] == [SHELTER]
    assert 0 < answer.hits[0].score <= 1
    assert answer.did_you_mean == ("shelter" if query == "Shetler" else "")


def test_what_was_found_is_marked(full: Desk) -> None:
    (hit,) = ask(full, query="shelter rough").hits

    assert [(each.start, each.end) for each in hit.name_marks] == [(8, 15)]
    (mark,) = hit.snippet_marks
    assert hit.snippet[mark.start : mark.end] == "rough"


def test_filters_narrow_and_counts_say_what_another_choice_would_give(full: Desk) -> None:
    answer = ask(full, kind=[Organisation.THIRD_SECTOR])
    counts = {
        facet.field: {each.value: each.count for each in facet.values} for facet in answer.facets
    }

    assert answer.total_size == 1
    assert counts == {
        "kind": {"LOCAL_AUTHORITY": 2, "THIRD_SECTOR": 1},
        "sector": {"THIRD": 1},
    }


def test_a_radius_and_the_order_of_nearness(full: Desk) -> None:
    assert found(full, radius_miles=60, **AROUND) == [NORFOLK, SUFFOLK]

    answer = ask(full, sort=pb.NEAREST_FIRST, **AROUND)

    assert [each.name for each in answer.organisations] == [NORFOLK, SUFFOLK, SHELTER]
    assert round(answer.hits[1].distance_miles) == 40


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"latitude": 52.0}, "PLACE_INCOMPLETE"),
        ({"radius_miles": 5.0}, "PLACE_NEEDED"),
        ({"sort": pb.NEAREST_FIRST}, "PLACE_NEEDED"),
        ({"page_token": "x" * 20}, "BAD_PAGE_TOKEN"),
    ],
)
def test_what_makes_no_sense_is_refused(full: Desk, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidArgument, match=reason):
        ask(full, **fields)


@pytest.mark.parametrize("query", ["", "council"])
def test_pages_hold_each_once(full: Desk, query: str) -> None:
    enter(full, ESSEX, "Essex County Council", version=2)
    names: list[str] = []
    token = ""
    while True:
        page = ask(full, query=query, page_size=1, page_token=token)
        names += [each.name for each in page.organisations]
        token = page.next_page_token
        if not token:
            break

    assert len(names) == len(set(names)) == page.total_size


def test_notices_are_counted_as_the_caller_sees_them(full: Desk) -> None:
    full.publish()
    full.publish(visibility=notices_pb2.ORGANISATION)

    for who, count in ((VISITOR, 1), (NORFOLK_MANAGER, 2)):
        assert ask(full, who, query="norfolk").hits[0].open_notices == count


def test_a_change_is_found_at_once(full: Desk) -> None:
    enter(full, SHELTER, "Fenland Roof", version=2)

    assert found(full, query="roof") == [SHELTER]
    assert not found(full, query="sleep rough")


def test_nothing_in_a_query_is_an_operator(full: Desk) -> None:
    for query in ('"', "name:*", "(((", "\x00\u202e", "a" * 200, "* OR *"):
        assert ask(full, query=query).total_size in (0, 3)


def test_what_means_about_the_same_is_found_without_its_words(full: Desk) -> None:
    static = StaticVectors(FOLDER)
    follower = a_follower(full.database, full.folder, lambda: static)
    follower.understanding.load()
    follower.follow()
    directory = Directory(full.database, lambda: static)
    while directory.step():
        pass
    request = pb.SearchOrganisationsRequest(query="a house for someone asleep outside")

    answer = search(directory, follower, request, VISITOR, at=NOW)

    assert [each.name for each in answer.organisations] == [SHELTER]
    assert answer.quality == pb.SearchNoticesResponse.STATIC_VECTORS
    follower.stop()


def test_an_organisation_without_a_place_is_nowhere(full: Desk) -> None:
    enter(full, ESSEX, "Essex County Council", version=2, place=Place(label="Chelmsford"))

    answer = ask(full, query="chelmsford", **AROUND)

    assert [each.name for each in answer.organisations] == [ESSEX]
    assert not answer.hits[0].HasField("distance_miles")
