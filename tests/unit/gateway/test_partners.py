"""The door for other regions: their requests go to federation as they came, capped and counted."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from interchange.federation.v1.region_keys_pb2 import AnswerPartnerResponse, HttpField

from chassis.errors import Unavailable
from tests.unit.gateway.conftest import Client, MakeClient
from tests.unit.gateway.services import Books

DOCUMENT = "/.well-known/interchange-region"
FEED = "/federation/v1/feed/national"
PAGE = b'{"protected":"e30=","payload":"e30=","sig":"AA=="}\n' * 200


def an_answer(body: bytes = b"{}", status: int = 200, **headers: str) -> AnswerPartnerResponse:
    fields = [HttpField(name=name.replace("_", "-"), value=headers[name]) for name in headers]
    return AnswerPartnerResponse(status=status, headers=fields, body=body)


def asked(books: Books) -> Any:
    return books.asked


def test_a_request_is_handed_on_as_it_came(client: Client, books: Books) -> None:
    books.partner_answer = an_answer(b"line", 409, content_type="application/x-ndjson")
    headers = {
        "Signature": "sig1=:AA==:",
        "Signature-Input": 'sig1=("@method")',
        "Content-Digest": "sha-256=:AA==:",
        "Accept-Encoding": "identity",
        "Cookie": "nobody reads this",
    }

    answer = client.get(f"{FEED}?epoch=3&after=10%2041", headers=headers)

    assert (answer.status_code, answer.data) == (409, b"line")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert asked(books).method == "GET"
    assert asked(books).target == f"{FEED}?epoch=3&after=10%2041"
    assert asked(books).authority == "localhost"
    assert {each.name: each.value for each in asked(books).headers} == {
        "signature": "sig1=:AA==:",
        "signature-input": 'sig1=("@method")',
        "content-digest": "sha-256=:AA==:",
        "accept-encoding": "identity",
    }


def test_a_poke_brings_its_body(client: Client, books: Books) -> None:
    client.post("/federation/v1/poke", data=b'{"head":7}', content_type="application/json")

    assert asked(books).method == "POST"
    assert asked(books).body == b'{"head":7}'
    assert [each.value for each in asked(books).headers if each.name == "content-type"] == [
        "application/json"
    ]


def test_the_gateway_speaks_for_itself_and_nobody_else(client: Client, books: Books) -> None:
    client.get(DOCUMENT, headers={"Authorization": "Bearer nonsense"})

    assert books.seen[-1].who.service == "gateway"
    assert not books.seen[-1].who.person
    assert 0 < books.seen[-1].left_s <= 10


def test_nothing_is_kept_by_anybody(client: Client, books: Books) -> None:
    books.partner_answer = an_answer(etag='"1"', set_cookie="a=b", cache_control="public")

    answer = client.get(DOCUMENT, headers={"If-None-Match": "*"})

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert len(answer.headers["Trace-Id"]) == 32


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [("gzip", True), ("br, GZIP;q=0.5", True), ("gzip;q=0", False), ("br", False), ("", False)],
)
def test_large_answers_are_compressed_when_asked(
    client: Client, books: Books, accepted: str, zipped: bool
) -> None:
    books.partner_answer = an_answer(PAGE)

    answer = client.get(FEED, headers={"Accept-Encoding": accepted})

    assert (answer.headers.get("Content-Encoding") == "gzip") is zipped
    assert (gzip.decompress(answer.data) if zipped else answer.data) == PAGE


def test_small_answers_are_not_compressed(client: Client, books: Books) -> None:
    books.partner_answer = an_answer(b"short")

    answer = client.get(FEED, headers={"Accept-Encoding": "gzip"})

    assert answer.data == b"short"


def test_more_than_64_kib_is_not_read(client: Client, books: Books) -> None:
    answer = client.post("/federation/v1/hello", data=b"x" * (64 * 1024 + 1))

    assert answer.status_code == 413
    assert answer.json["reason"] == "BODY_TOO_LARGE"
    assert not books.seen


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_only_reading_and_telling_is_possible(client: Client, books: Books, method: str) -> None:
    answer = client.open(FEED, method=method)

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST"
    assert not books.seen


def test_a_network_that_asks_too_often_is_refused_before_federation_hears(
    a_client: MakeClient, books: Books
) -> None:
    client = a_client(partner_requests_per_minute=5, rate_limit_factor=1.0)

    answers = [client.get(DOCUMENT) for _ in range(6)]

    assert [each.status_code for each in answers] == [200] * 5 + [429]
    assert answers[-1].json["reason"] == "TOO_MANY_REQUESTS"
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert len(books.seen) == 5
    assert client.get("/v1/notices").status_code == 200  # people have a share of their own


def test_a_federation_that_is_away_is_told_as_a_problem(client: Client, books: Books) -> None:
    def away() -> None:
        raise Unavailable("NOT_YET", "federation is catching up")

    books.then = away

    answer = client.get(FEED)

    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["reason"] == "NOT_YET"
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("path", ["/.well-known/other", "/federation/v2/feed", "/federation"])
def test_other_paths_are_not_handed_on(client: Client, books: Books, path: str) -> None:
    assert client.get(path).status_code == 404
    assert not books.seen
