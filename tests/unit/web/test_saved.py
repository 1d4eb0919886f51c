"""Pages of saved searches and stars, against a gateway that says what it was told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from redis import Redis

from tests.unit.web.canned import ME, Canned, listening
from tests.unit.web.test_signed_in import NOTICE, Reader
from web.app import create_app
from web.config import Config
from web.pages.saved import address

SEARCH = "savedSearches/0198f6c2-0000-7000-8000-000000000009"
SAVED = {
    "name": SEARCH,
    "displayName": "Lighthouses",
    "search": {"query": "lighthouse", "kind": ["OFFERED"]},
    "alerts": "DAILY",
    "etag": '"1"',
}


@pytest.fixture
def canned() -> Canned:
    said = Canned()
    said.answers |= {
        "POST /v1/savedSearches": SAVED,
        "GET /v1/savedSearches": {"savedSearches": [SAVED], "nextPageToken": ""},
        f"GET /v1/{SEARCH}": SAVED,
        f"PATCH /v1/{SEARCH}": SAVED,
        f"DELETE /v1/{SEARCH}": {},
        f"GET /v1/{ME['name']}/preferences": {"frequency": "INSTANT", "alertsOff": False},
        f"PATCH /v1/{ME['name']}/preferences": {},
        f"POST /v1/{NOTICE}:unstar": {},
        "GET /v1/favourites": {
            "favourites": [{"noticeName": NOTICE, "starTime": "2026-11-25T09:00:00Z"}],
            "nextPageToken": "",
        },
    }
    return said


@pytest.fixture
def app(canned: Canned, redis: Redis) -> Iterator[Flask]:
    with listening(canned) as url:
        yield create_app(Config(gateway_url=url), redis)


def test_a_search_is_saved_as_the_page_of_notices_has_it(app: Flask, canned: Canned) -> None:
    mia = Reader(app)
    mia.get("/savedSearches/new?query=lighthouse&kind=OFFERED")

    answer = mia.post(
        "/savedSearches/new?query=lighthouse&kind=OFFERED", display_name="Mine", alerts="WEEKLY"
    )

    assert (
        "POST /v1/savedSearches",
        {
            "displayName": "Mine",
            "alerts": "WEEKLY",
            "search": {"query": "lighthouse", "kind": ["OFFERED"]},
        },
    ) in canned.asked
    assert "/notices?query=lighthouse&amp;kind=OFFERED" in answer.get_data(as_text=True)


def test_a_search_around_a_place_is_saved_and_found_again(app: Flask, canned: Canned) -> None:
    mia, around = Reader(app), "near=52.4,+0.26&miles=40&from=2027-01-01"

    page = mia.get(f"/savedSearches/new?{around}")
    mia.post(f"/savedSearches/new?{around}", display_name="Mine", alerts="WEEKLY")

    assert "within 40 miles of 52.4, 0.26" in page
    (sent,) = [body for what, body in canned.asked if what == "POST /v1/savedSearches"]
    assert sent["search"] == {
        "fromDate": "2027-01-01", "latitude": 52.4, "longitude": 0.26, "radiusMiles": 40,
    }  # fmt: skip
    assert address(sent["search"]) == "/notices?near=52.4%2C+0.26&miles=40&from=2027-01-01"


def test_searches_are_changed_silenced_and_deleted(app: Flask, canned: Canned) -> None:
    mia = Reader(app)

    assert "“lighthouse”, Offered" in mia.get(f"/{SEARCH}")
    mia.post(f"/{SEARCH}", display_name="Other", alerts="OFF")
    mia.post("/savedSearches/mail", off="yes")
    mia.get(f"/{SEARCH}/delete")
    mia.post(f"/{SEARCH}/delete")

    asked = [what for what, _ in canned.asked]
    assert f"DELETE /v1/{SEARCH}" in asked
    assert (f"PATCH /v1/{ME['name']}/preferences", {"alertsOff": True}) in canned.asked


def test_a_star_on_what_is_closed_can_be_taken_away(app: Flask, canned: Canned) -> None:
    mia = Reader(app)

    assert "closed by now" in mia.get("/favourites")
    mia.post(f"/{NOTICE}/unstar")

    assert f"POST /v1/{NOTICE}:unstar" in [what for what, _ in canned.asked]
