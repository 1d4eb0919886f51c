"""Requests become calls and answers become JSON, as the contract's rules say."""

from __future__ import annotations

import pytest
from interchange.identity.v1 import sessions_pb2
from interchange.matching.v1 import matching_pb2
from interchange.notifications.v1 import notifications_pb2
from interchange.opportunities.v1 import interests_pb2, notices_pb2

from tests.unit.gateway.conftest import Client
from tests.unit.gateway.services import PERSON, Books, signed_in

DRAFT = {
    "kind": "WANTED",
    "format": "WORK_SHADOWING",
    "title": "Work shadowing wanted",
    "body": "A colleague would like to see how it is done.",
    "gradeBands": ["OFFICER"],
    "place": {"label": "Ipswich", "latitude": 52.06, "longitude": 1.16},
}


def create(client: Client, **more: object) -> str:
    answer = client.post("/v1/notices", json={**DRAFT, **more}, headers=signed_in())
    assert answer.status_code == 201, answer.text
    return str(answer.json["name"])


def test_what_is_created_is_shown_whole_and_where_it_is(client: Client) -> None:
    answer = client.post("/v1/notices", json=DRAFT, headers=signed_in())

    assert answer.status_code == 201
    assert answer.headers["Location"] == "/v1/notices/1"
    assert answer.content_type == "application/json"
    assert answer.json["gradeBands"] == ["OFFICER"]
    assert answer.json["createTime"] == "2026-11-02T09:00:00Z"


def test_fields_without_presence_are_always_there_and_others_when_set(client: Client) -> None:
    name = create(client)

    shown = client.get(f"/v1/{name}").json

    assert shown["openInterests"] == 0
    assert shown["themes"] == []
    assert shown["closingReason"] == "CLOSING_REASON_UNSPECIFIED"
    assert "publishTime" not in shown
    assert "consent" not in shown


def test_a_path_gives_the_field_that_it_names(client: Client, books: Books) -> None:
    client.get("/v1/notices/-/interests", headers=signed_in())
    assert books.asked == interests_pb2.ListInterestsRequest(parent="notices/-")

    client.get("/v1/notices/7:suggest", headers=signed_in())
    assert books.asked == matching_pb2.SuggestNoticesRequest(name="notices/7")

    client.delete("/v1/sessions/current", headers=signed_in())
    assert books.asked == sessions_pb2.DeleteSessionRequest(name="sessions/current")

    client.post("/v1/subscriptions/abc-_1:unsubscribe")
    assert books.asked == notifications_pb2.UnsubscribeRequest(token="abc-_1")


def test_an_empty_answer_has_no_body(client: Client) -> None:
    answer = client.delete("/v1/sessions/current", headers=signed_in())

    assert answer.status_code == 204
    assert answer.data == b""
    assert "Content-Type" not in answer.headers


def test_mail_programs_unsubscribe_with_a_form(client: Client) -> None:
    answer = client.post(
        "/v1/subscriptions/abc:unsubscribe", data={"List-Unsubscribe": "One-Click"}
    )

    assert answer.status_code == 204


@pytest.mark.parametrize("size", ["pageSize", "page_size"])
def test_queries_take_both_names_lists_and_enums(client: Client, books: Books, size: str) -> None:
    answer = client.get(
        f"/v1/notices:search?{size}=5&kind=WANTED&kind=OFFERED&query=a%20b+c&latitude=52.5&remote=true"
    )

    assert answer.status_code == 200
    assert books.asked == matching_pb2.SearchNoticesRequest(
        page_size=5,
        kind=[notices_pb2.WANTED, notices_pb2.OFFERED],
        query="a b c",
        latitude=52.5,
        remote=True,
    )


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ("colour=red", "colour", "UNKNOWN_PARAMETER"),
        ("kind=wanted", "kind", "UNKNOWN_VALUE"),
        ("pageSize=many", "pageSize", "WRONG_TYPE"),
        ("pageSize=", "pageSize", "WRONG_TYPE"),
        ("page_size=99999999999", "pageSize", "OUT_OF_RANGE"),
        ("pageSize=1&pageSize=2", "pageSize", "GIVEN_TWICE"),
        ("remote=yes", "remote", "WRONG_TYPE"),
        ("query=%00", "query", "BAD_TEXT"),
        ("pageSize=101", "pageSize", "int32.gte_lte"),
        ("kind=99", "kind", "UNKNOWN_VALUE"),
    ],
)
def test_a_wrong_parameter_is_named(client: Client, query: str, field: str, reason: str) -> None:
    answer = client.get(f"/v1/notices:search?{query}")

    assert answer.status_code == 400
    assert [(each["field"], each["reason"]) for each in answer.json["errors"]] == [(field, reason)]
    assert answer.json["errors"][0]["detail"]


def test_a_query_that_is_not_text_is_refused(client: Client) -> None:
    assert client.get("/v1/notices:search?query=%ff").json["reason"] == "BAD_QUERY"


def test_a_patch_means_the_fields_of_its_body(client: Client, books: Books) -> None:
    name = create(client, themes=["housing"])

    answer = client.patch(
        f"/v1/{name}", json={"title": "Another title", "themes": []}, headers=signed_in()
    )

    assert answer.status_code == 200, answer.text
    assert answer.json["title"] == "Another title"
    assert answer.json["themes"] == []
    assert answer.json["body"] == DRAFT["body"]
    assert isinstance(books.asked, notices_pb2.UpdateNoticeRequest)
    assert sorted(books.asked.update_mask.paths) == ["themes", "title"]


def test_what_was_read_can_be_sent_back_whole(client: Client, books: Books) -> None:
    name = create(client)
    shown = client.get(f"/v1/{name}").json
    shown.pop("organisation")  # not to be changed

    client.patch(f"/v1/{name}", json={**shown, "title": "Another title"}, headers=signed_in())

    assert isinstance(books.asked, notices_pb2.UpdateNoticeRequest)
    paths = set(books.asked.update_mask.paths)
    assert "title" in paths
    assert not paths & {"name", "etag", "state", "create_time", "version", "open_interests"}
    assert books.asked.notice.state == notices_pb2.Notice.STATE_UNSPECIFIED


def test_the_mask_in_the_query_wins(client: Client, books: Books) -> None:
    name = create(client)

    body = {"title": "Another title", "gradeBands": ["SENIOR"]}
    client.patch(
        f"/v1/{name}?updateMask=title,gradeBands,place.label", json=body, headers=signed_in()
    )

    assert isinstance(books.asked, notices_pb2.UpdateNoticeRequest)
    assert list(books.asked.update_mask.paths) == ["title", "grade_bands", "place.label"]


def test_a_mask_of_unknown_fields_is_refused(client: Client) -> None:
    answer = client.patch("/v1/notices/1?updateMask=colour", json={}, headers=signed_in())

    assert answer.status_code == 400
    assert answer.json["errors"][0]["field"] == "updateMask"


def test_a_body_may_repeat_the_path_and_must_not_contradict_it(client: Client) -> None:
    name = create(client)

    same = client.patch(f"/v1/{name}", json={"name": name, "title": "Same"}, headers=signed_in())
    other = client.patch(f"/v1/{name}", json={"name": "notices/2"}, headers=signed_in())
    verb = client.post(f"/v1/{name}:submit", json={"name": "notices/2"}, headers=signed_in())

    assert same.status_code == 200
    for answer in (other, verb):
        assert answer.status_code == 400
        assert answer.json["errors"][0]["field"] == "name"


def test_what_only_the_service_writes_is_passed_over(client: Client, books: Books) -> None:
    client.post(
        "/v1/notices", json={**DRAFT, "state": "PUBLISHED", "version": "x"}, headers=signed_in()
    )

    assert isinstance(books.asked, notices_pb2.CreateNoticeRequest)
    assert books.notices["notices/1"].version == 1


def test_what_only_the_service_reads_is_not_shown(client: Client) -> None:
    person = {
        "displayName": "Priya",
        "email": "p@council.example",
        "organisation": "organisations/1",
        "password": "long-enough-password",
    }

    answer = client.post("/v1/people", json=person)

    assert answer.status_code == 201
    assert "password" not in answer.text


def test_a_page_says_where_the_next_one_is(client: Client) -> None:
    for _ in range(3):
        create(client)

    first = client.get("/v1/notices?kind=WANTED&pageSize=2&pageToken=")
    link = first.headers["Link"]
    second = client.get(link[1 : link.index(">")])

    assert link.endswith('; rel="next"')
    assert "kind=WANTED" in link
    assert len(second.json["notices"]) == 1
    assert "Link" not in second.headers


def test_head_is_get_without_a_body(client: Client) -> None:
    name = create(client)

    answer = client.head(f"/v1/{name}")

    assert answer.status_code == 200
    assert answer.data == b""
    assert int(answer.headers["Content-Length"]) > 0


def test_the_service_knows_who_asks_and_for_how_long(a_client: object, books: Books) -> None:
    client = a_client(call_timeout_s=3.0)  # type: ignore[operator]

    client.get("/v1/notices", headers=signed_in())

    assert books.seen[-1].who == PERSON
    assert 1 < books.seen[-1].left_s < 3
