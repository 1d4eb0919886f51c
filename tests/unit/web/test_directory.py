"""Organisations and troubleshooters on pages: what is found, and what is asked of the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.unit.web.canned import ME, Canned
from tests.unit.web.test_signed_in import Reader, app, canned

__all__ = ["app", "canned"]
NAME = "organisations/0198f6c2-0000-7000-8000-00000000000a"
GROUP = "organisations/0198f6c2-0000-7000-8000-00000000000b"
SHELTER: dict[str, Any] = {
    "name": NAME,
    "displayName": "Fenland Shelter",
    "kind": "THIRD_SECTOR",
    "sector": "THIRD",
    "description": "We find homes.",
    "website": "https://shelter.example",
    "place": {"label": "Ely", "latitude": 52.4, "longitude": 0.26},
    "parent": GROUP,
    "state": "VERIFIED",
    "etag": '"1"',
}
FOUND = {
    "organisations": [SHELTER],
    "hits": [
        {
            "nameMarks": [{"start": 8, "end": 15}],
            "snippet": "We find homes.",
            "snippetMarks": [],
            "openNotices": 2,
            "distanceMiles": 11.7,
        }
    ],
    "facets": [{"field": "kind", "values": [{"value": "THIRD_SECTOR", "label": "", "count": 1}]}],
    "didYouMean": "shelter",
    "quality": "ENCODER",
    "totalSize": 1,
    "nextPageToken": "",
}
NO_NOTICES = {
    "notices": [],
    "hits": [],
    "facets": [],
    "didYouMean": "",
    "quality": "ENCODER",
    "totalSize": 0,
    "nextPageToken": "",
}


@pytest.fixture
def visitor(app: Flask, canned: Canned) -> Reader:
    canned.me = {**ME, "manages": [NAME]}
    canned.answers["GET /v1/organisations:search"] = FOUND
    canned.answers["GET /v1/notices:search"] = NO_NOTICES
    canned.answers[f"GET /v1/{NAME}"] = SHELTER
    canned.answers[f"GET /v1/{GROUP}"] = {**SHELTER, "name": GROUP, "displayName": "A group"}
    canned.answers[f"GET /v1/{NAME}/managers"] = {"managers": []}
    canned.answers["GET /v1/organisations"] = {
        "organisations": [SHELTER, {**SHELTER, "name": GROUP, "displayName": "A group"}],
        "nextPageToken": "",
    }
    return Reader(app)


def test_what_is_found_is_marked_and_its_notices_are_counted(visitor: Reader) -> None:
    page = visitor.get("/organisations?query=sheltr")

    assert '<mark class="app-mark">Shelter</mark>' in page
    assert "2 open notices" in page
    assert "1 organisation found" in page


def test_it_is_there_in_welsh(visitor: Reader) -> None:
    assert "Cafwyd hyd i 1 sefydliad" in visitor.get("/organisations?lang=cy")


def test_a_place_is_where_an_organisation_is(visitor: Reader, canned: Canned) -> None:
    page = visitor.get("/notices?near=ely&miles=40&from=2027-01-01&to=soon&sort=NEAREST")

    asked = canned.queries["/v1/notices:search"]
    assert (asked["latitude"], asked["longitude"], asked["radiusMiles"]) == ("52.4", "0.26", "40")
    assert (asked["fromDate"], asked["sort"]) == ("2027-01-01", "NEAREST")
    assert "toDate" not in asked
    assert 'value="ely"' in page
    assert "/savedSearches/new?sort=NEAREST&amp;near=ely&amp;miles=40&amp;from=2027-01-01" in page


def test_organisations_are_found_around_a_place(visitor: Reader, canned: Canned) -> None:
    page = visitor.get("/organisations?near=52.4,+0.3&miles=5")

    asked = canned.queries["/v1/organisations:search"]
    assert (asked["latitude"], asked["radiusMiles"]) == ("52.4", "5")
    assert asked["sort"] == "NEAREST_FIRST"
    assert "12 miles away" in page


def test_a_place_that_nobody_is_at_is_said(visitor: Reader, canned: Canned) -> None:
    canned.answers["GET /v1/organisations:search"] = {**FOUND, "organisations": [], "hits": []}

    page = visitor.get("/notices?near=Atlantis&sort=NEAREST")

    assert "No organisation here is at a place called Atlantis" in page
    assert not {"latitude", "sort"} & canned.queries["/v1/notices:search"].keys()


def test_an_organisation_has_a_page_that_says_to_whom_it_belongs(visitor: Reader) -> None:
    page = visitor.get(f"/{NAME}")

    assert "We find homes." in page
    assert f'href="/{GROUP}"' in page
    assert f'href="/{NAME}/parent"' in page


def test_its_manager_says_to_whom_it_belongs(visitor: Reader, canned: Canned) -> None:
    canned.answers[f"PATCH /v1/{NAME}"] = SHELTER

    visitor.get(f"/{NAME}/parent")
    visitor.post(f"/{NAME}/parent", parent="")

    assert (f"PATCH /v1/{NAME}", {"name": NAME, "parent": "", "etag": '"1"'}) in canned.asked


def test_troubleshooters_are_offers_of_help_with_a_problem(visitor: Reader) -> None:
    page = visitor.get("/troubleshooters?query=rents")

    assert "Troubleshooters" in page
    assert "/notices.atom?kind=OFFERED&amp;format=TROUBLESHOOTING&amp;query=rents" in page


def test_where_nothing_is_yet_nobody_is_told_to_search_otherwise(visitor: Reader) -> None:
    assert "There is nothing here yet" in visitor.get("/troubleshooters")
    assert "Use fewer or other words" in visitor.get("/troubleshooters?query=rents")
