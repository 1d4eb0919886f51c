"""What people find, in which order, with which counts; and what they must not find."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from interchange.common.v1.types_pb2 import OFFICER, SENIOR, THIRD, Place
from interchange.identity.v1 import events_pb2 as identity
from interchange.identity.v1.organisations_pb2 import Organisation
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2

from chassis.auth import Principal
from chassis.clock import now
from chassis.errors import InvalidArgument
from chassis.pages import write_token
from chassis.timestamps import to_proto as stamp
from services.matching.search.searching import scope_of
from tests.unit.matching.conftest import (
    IPSWICH,
    LEEDS,
    NORFOLK,
    NORFOLK_MANAGER,
    NORWICH,
    SUFFOLK,
    VISITOR,
    Desk,
    a_notice,
)


def facet(answer: pb.SearchNoticesResponse, field: str) -> dict[str, int]:
    (found,) = [each for each in answer.facets if each.field == field]
    return {value.value: value.count for value in found.values}


def test_words_are_found_in_any_form(desk: Desk) -> None:
    notice = desk.publish(title="Shadowing a housing officer")
    desk.publish(title="Mentor for a planner")

    for query in ("shadow", "SHADOWING", "house officers", "housing,  officer!", "hous"):
        assert desk.found(query=query) == [notice.name], query


def test_a_number_is_not_taken_for_another(desk: Desk) -> None:
    desk.publish(title="Cohort 2027a")

    assert desk.found(query="2026a") == []


def test_a_title_weighs_more_than_a_body(desk: Desk) -> None:
    in_body = desk.publish(title="Mentor wanted", body="Somebody who knows libraries.")
    in_title = desk.publish(title="Libraries exchange", body="A week in another service.")

    assert desk.found(query="libraries") == [in_title.name, in_body.name]


def test_a_misspelt_word_finds_what_is_most_like_it(desk: Desk) -> None:
    notice = desk.publish(title="Safeguarding lead wanted")

    assert desk.found(query="safegaurding") == [notice.name]


def test_a_title_weighs_more_also_for_a_word_that_all_use(desk: Desk) -> None:
    in_body = desk.publish(title="Mentor wanted", body="Somebody who knows housing.")
    in_title = desk.publish(title="Housing exchange", body="A week in another service.")
    for _ in range(5):
        desk.publish(title="Planner wanted", body=f"{'Plans. ' * 90}And housing.")

    assert desk.found(query="housing")[:2] == [in_title.name, in_body.name]


def test_newest_come_first_without_words(desk: Desk) -> None:
    first, second = desk.publish(), desk.publish()

    assert desk.found() == [second.name, first.name]


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(query=st.text(max_size=200))
def test_any_text_is_a_query(desk: Desk, query: str) -> None:
    desk.publish()

    assert desk.search(query=query).total_size >= 0


def test_filters_narrow_and_facets_count_as_if_their_own_was_not_set(desk: Desk) -> None:
    desk.publish(kind=notices_pb2.WANTED, themes=["Housing"])
    desk.publish(kind=notices_pb2.NEEDED, themes=["housing"])
    desk.publish(kind=notices_pb2.NEEDED, themes=["planning"])

    answer = desk.search(kind=[notices_pb2.NEEDED], theme=["housing"])

    assert answer.total_size == 1
    assert facet(answer, "kind") == {"WANTED": 1, "NEEDED": 1}
    assert facet(answer, "theme") == {"housing": 1, "planning": 1}


def test_counts_agree_with_what_each_choice_finds(desk: Desk) -> None:
    for number in range(12):
        desk.publish(
            kind=1 + number % 3,
            format=1 + number % 4,
            skills=[f"skill-{number % 2}"],
            grade_bands=[OFFICER] if number % 3 else [],
        )

    answer = desk.search(query="housing")

    for value, count in facet(answer, "format").items():
        chosen = [notices_pb2.Format.Value(value)]
        assert desk.search(query="housing", format=chosen).total_size == count


def test_notices_for_any_grade_are_found_for_each(desk: Desk) -> None:
    anybody = desk.publish()
    officers = desk.publish(grade_bands=[OFFICER])
    desk.publish(grade_bands=[SENIOR])

    answer = desk.search(grade_band=[OFFICER])

    assert {each.name for each in answer.notices} == {anybody.name, officers.name}
    assert facet(answer, "grade_band") == {"OFFICER": 2, "SENIOR": 2}


def test_a_radius_keeps_what_is_near_or_remote(desk: Desk) -> None:
    near = desk.publish(place=IPSWICH)
    remote = desk.publish(place=LEEDS, attendance=notices_pb2.REMOTE)
    desk.publish(place=LEEDS)
    desk.publish()

    answer = desk.search(
        latitude=NORWICH.latitude,
        longitude=NORWICH.longitude,
        radius_miles=60,
        sort=pb.NEAREST,
    )

    assert [each.name for each in answer.notices] == [near.name, remote.name]
    assert answer.hits[0].distance_miles == pytest.approx(39.8, abs=0.5)


def test_dates_keep_what_overlaps_or_is_flexible(desk: Desk) -> None:
    flexible = desk.publish()
    spring = desk.publish(start_date="2027-03-01", end_date="2027-04-30")
    desk.publish(start_date="2027-09-01", end_date="2027-10-31")

    found = desk.found(from_date="2027-04-01", to_date="2027-05-31")

    assert set(found) == {flexible.name, spring.name}


def test_inner_notices_are_for_their_own_people(desk: Desk) -> None:
    inner = desk.publish(visibility=notices_pb2.ORGANISATION)
    colleague = Principal(person="people/2", organisation=NORFOLK)
    stranger = Principal(person="people/3", organisation=SUFFOLK)

    assert desk.found(colleague) == desk.found(NORFOLK_MANAGER) == [inner.name]
    for outsider in (VISITOR, stranger):
        answer = desk.search(outsider)
        assert answer.total_size == 0
        assert facet(answer, "kind") == {}


def test_what_is_closed_is_gone_and_stays_so(desk: Desk) -> None:
    notice = desk.publish()
    closed = notices_pb2.Notice()
    closed.CopyFrom(notice)
    closed.state, closed.version = notices_pb2.Notice.CLOSED, 5

    desk.hear(events.NoticeClosed(notice=closed))
    desk.hear(events.NoticePublished(notice=notice))  # arrives late

    assert desk.found() == []


def test_the_order_of_events_does_not_matter(desk: Desk) -> None:
    for order in permutations(range(3)):
        published = a_notice(title="Third version", version=3)
        revised, closed = notices_pb2.Notice(), notices_pb2.Notice()
        revised.CopyFrom(published)
        revised.title, revised.version = "Fourth version", 4
        closed.CopyFrom(revised)
        closed.state, closed.version = notices_pb2.Notice.CLOSED, 5
        told = (
            events.NoticePublished(notice=published),
            events.NoticeRevised(notice=revised),
            events.NoticeClosed(notice=closed),
        )

        desk.hear(*(told[place] for place in order if place < 2))
        assert [each.title for each in desk.search().notices] == ["Fourth version"]
        desk.hear(*(told[place] for place in order))

        assert desk.found() == [], order


def test_an_older_copy_does_not_win(desk: Desk) -> None:
    notice = desk.publish(version=3)
    newer, older = notices_pb2.Notice(), notices_pb2.Notice()
    newer.CopyFrom(notice)
    older.CopyFrom(notice)
    newer.title, newer.version = "Newer title", 5
    older.title, older.version = "Older title", 4

    desk.hear(events.NoticeRevised(notice=newer), events.NoticeRevised(notice=older))

    assert desk.search().notices[0].title == "Newer title"


def test_what_has_ended_is_not_found_even_before_that_is_announced(desk: Desk) -> None:
    desk.publish(close_time=stamp(now() - timedelta(seconds=1)))

    assert desk.found() == []


def test_a_renamed_organisation_is_shown_and_found_by_its_new_name(desk: Desk) -> None:
    notice = desk.publish()

    renamed = Organisation(name=NORFOLK, display_name="Broadland", sector=THIRD, version=2)
    desk.hear(identity.OrganisationRevised(organisation=renamed))

    answer = desk.search(query="broadland")
    assert [each.name for each in answer.notices] == [notice.name]
    assert facet(answer, "sector") == {"THIRD": 1}
    revised = notices_pb2.Notice()
    revised.CopyFrom(notice)  # still with the old name: opportunities has not heard yet
    revised.version = 4
    desk.hear(events.NoticeRevised(notice=revised))
    assert desk.search().notices[0].organisation_display_name == "Broadland"


def test_a_notice_without_a_place_is_where_its_organisation_is(desk: Desk) -> None:
    own = desk.publish(place=IPSWICH)
    without = desk.publish()
    in_words = desk.publish(place=Place(label="Our offices"))
    place = {"latitude": NORWICH.latitude, "longitude": NORWICH.longitude}
    assert desk.found(**place, radius_miles=50) == [own.name]

    norfolk = Organisation(name=NORFOLK, display_name="Norfolk", place=NORWICH, version=2)
    desk.hear(identity.OrganisationRevised(organisation=norfolk))

    answer = desk.search(**place, sort=pb.NEAREST)
    assert {each.name for each in answer.notices[:2]} == {without.name, in_words.name}
    assert answer.notices[2].name == own.name
    assert [round(hit.distance_miles) for hit in answer.hits] == [0, 0, 40]


def test_the_nearest_come_first_page_by_page(desk: Desk) -> None:
    far, near, nowhere = desk.publish(place=LEEDS), desk.publish(place=IPSWICH), desk.publish()
    place = {"latitude": NORWICH.latitude, "longitude": NORWICH.longitude, "sort": pb.NEAREST}
    found: list[str] = []
    token = ""

    for _ in range(3):
        answer = desk.search(**place, page_size=1, page_token=token)
        found += [notice.name for notice in answer.notices]
        token = answer.next_page_token

    assert found == [near.name, far.name, nowhere.name]
    assert not token


@pytest.mark.parametrize("sort", [pb.SORT_ORDER_UNSPECIFIED, pb.NEWEST, pb.CLOSING_SOON])
@pytest.mark.parametrize("query", ["", "housing"])
def test_pages_hold_each_notice_once(desk: Desk, query: str, sort: pb.SortOrder.ValueType) -> None:
    names = {desk.publish().name for _ in range(7)}
    found: list[str] = []
    token = ""

    for _ in range(4):
        answer = desk.search(query=query, sort=sort, page_size=2, page_token=token)
        found += [notice.name for notice in answer.notices]
        token = answer.next_page_token

    assert not token
    assert len(found) == 7
    assert set(found) == names


def test_a_token_of_another_search_is_refused(desk: Desk) -> None:
    for _ in range(3):
        desk.publish()
    token = desk.search(query="housing", page_size=1).next_page_token

    for fields in ({"query": "other"}, {"query": "housing", "remote": True}):
        with pytest.raises(InvalidArgument, match="BAD_PAGE_TOKEN"):
            desk.search(page_size=1, page_token=token, **fields)


def test_a_token_that_was_made_up_is_refused(desk: Desk) -> None:
    for _ in range(3):
        desk.publish()
    request = pb.SearchNoticesRequest(page_size=1)
    request.page_token = write_token(["no number", "notices/1"], scope_of(request))

    with pytest.raises(InvalidArgument, match="BAD_PAGE_TOKEN"):
        desk.search(page_size=1, page_token=request.page_token)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"latitude": 52.0}, "longitude"),
        ({"sort": pb.NEAREST}, "latitude"),
        ({"radius_miles": 10}, "latitude"),
        ({"from_date": "2027-02-30"}, "from_date"),
        ({"from_date": "2027-03-01", "to_date": "2027-02-01"}, "to_date"),
        ({"page_size": 101}, "page_size"),
        ({"query": "x" * 201}, "query"),
    ],
)
def test_a_wrong_filter_names_its_field(desk: Desk, fields: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        desk.search(**fields)

    assert refused.value.violations[0].field == field


def test_snippets_show_the_words_found(desk: Desk) -> None:
    desk.publish(
        body="First. " * 60 + "Then somebody who understands allotments well. " + "Last. " * 60
    )

    (hit,) = desk.search(query="allotment").hits

    assert "allotments" in hit.snippet
    assert len(hit.snippet) < 300
