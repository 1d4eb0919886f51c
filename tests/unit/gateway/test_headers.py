"""Etags, caching, other origins, and what every answer carries."""

from __future__ import annotations

import pytest

from tests.unit.gateway.conftest import Client, MakeClient
from tests.unit.gateway.services import Books, signed_in
from tests.unit.gateway.test_api import DRAFT, create

ORIGIN = "https://front.example"


def test_what_is_held_already_is_not_sent_again(client: Client) -> None:
    name = create(client)
    etag = client.get(f"/v1/{name}").headers["ETag"]

    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = client.get(f"/v1/{name}", headers={"If-None-Match": known})

        assert answer.status_code == 304
        assert answer.data == b""
        assert answer.headers["ETag"] == etag
    assert client.get(f"/v1/{name}", headers={"If-None-Match": '"other"'}).status_code == 200


def test_an_etag_tells_also_what_the_version_does_not_count(client: Client, books: Books) -> None:
    name = create(client)
    before = client.get(f"/v1/{name}")

    books.notices[name].open_interests = 1
    after = client.get(f"/v1/{name}", headers={"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 200
    assert after.json["etag"] == before.json["etag"]
    assert after.headers["ETag"] != before.headers["ETag"]


@pytest.mark.parametrize("form", ["header", "field", "weak", "any"])
def test_a_change_of_what_was_read_is_made(client: Client, form: str) -> None:
    name = create(client)
    read = client.get(f"/v1/{name}")
    etag = read.headers["ETag"]
    given = {"header": etag, "field": read.json["etag"], "weak": f"W/{etag}", "any": "*"}[form]

    headers = {**signed_in(), "If-Match": given}
    answer = client.patch(f"/v1/{name}", json={"title": "New title"}, headers=headers)

    assert answer.status_code == 200, answer.text


def test_a_change_of_what_was_changed_meanwhile_is_refused(client: Client) -> None:
    name = create(client)
    stale = client.get(f"/v1/{name}").headers["ETag"]
    client.patch(f"/v1/{name}", json={"title": "New title"}, headers=signed_in())

    patch = client.patch(
        f"/v1/{name}", json={"title": "x y z"}, headers={**signed_in(), "If-Match": stale}
    )
    verb = client.post(f"/v1/{name}:submit", headers={**signed_in(), "If-Match": stale})
    field = client.post(f"/v1/{name}:submit", json={"etag": '"1"'}, headers=signed_in())

    for answer in (patch, verb, field):
        assert answer.status_code == 412
        assert answer.json["reason"] == "STALE_ETAG"


@pytest.mark.parametrize("etag", ["nonsense", '"1", "2"', '""', '"', ""])
def test_an_if_match_that_cannot_be_read_is_refused(client: Client, etag: str) -> None:
    answer = client.post("/v1/notices/1:submit", headers={**signed_in(), "If-Match": etag})

    assert answer.status_code == 400
    assert answer.json["reason"] == "BAD_IF_MATCH"


def test_an_if_match_that_nobody_would_heed_is_refused(client: Client) -> None:
    answer = client.post("/v1/notices/1:copy", headers={**signed_in(), "If-Match": '"1"'})

    assert answer.status_code == 400
    assert answer.json["reason"] == "IF_MATCH_NOT_POSSIBLE"


def test_two_etags_that_differ_are_refused(client: Client) -> None:
    headers = {**signed_in(), "If-Match": '"1"'}
    answer = client.post("/v1/notices/1:submit", json={"etag": '"2"'}, headers=headers)

    assert answer.status_code == 400
    assert answer.json["errors"][0]["field"] == "etag"


def test_only_what_visitors_see_may_be_kept_by_others(client: Client) -> None:
    name = create(client)

    assert client.get(f"/v1/{name}").headers["Cache-Control"].startswith("public, max-age=")
    assert client.get(f"/v1/{name}", headers=signed_in()).headers["Cache-Control"] == "no-store"
    assert client.get("/v1/notices/none").headers["Cache-Control"] == "no-store"
    created = client.post("/v1/notices", json=DRAFT, headers=signed_in())
    assert created.headers["Cache-Control"] == "no-store"
    assert "Authorization" in client.get(f"/v1/{name}").headers["Vary"]


@pytest.mark.parametrize(
    "path", ["/v1/notices", "/v1/nothing", "/healthz", "/docs", "/openapi.json"]
)
def test_every_answer_is_safe_in_a_browser(client: Client, path: str) -> None:
    headers = client.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert len(headers.getlist("Content-Security-Policy")) == 1
    assert "Trace-Id" in headers


def test_origins_on_the_list_may_read_answers(a_client: MakeClient) -> None:
    client = a_client(cors_origins=f"{ORIGIN}, https://other.example")

    listed = client.get("/v1/notices", headers={"Origin": ORIGIN})
    unlisted = client.get("/v1/notices", headers={"Origin": "https://evil.example"})

    assert listed.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "ETag" in listed.headers["Access-Control-Expose-Headers"]
    assert "Origin" in listed.headers["Vary"]
    assert "Access-Control-Allow-Origin" not in unlisted.headers
    refused = client.get("/v1/notices?colour=red", headers={"Origin": ORIGIN})
    assert refused.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_browser_learns_what_it_may_send(a_client: MakeClient) -> None:
    client = a_client(cors_origins=ORIGIN)

    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    answer = client.options("/v1/notices/1", headers=asked)
    other = client.options("/v1/notices/1", headers={**asked, "Origin": "https://evil.example"})

    assert answer.status_code == 204
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Methods" not in other.headers


def test_without_a_list_there_are_no_origins(client: Client) -> None:
    answer = client.get("/v1/notices", headers={"Origin": ORIGIN})

    assert "Access-Control-Allow-Origin" not in answer.headers
