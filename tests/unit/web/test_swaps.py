"""Swaps on pages: the ring as all see it, what waits for whom, and what is sent when one is proposed."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.unit.web.canned import ME, Canned
from tests.unit.web.test_signed_in import FIRST, SECOND, WHEN, Reader, app, canned

__all__ = ["app", "canned"]
THIRD = "organisations/3"
SWAP = "swaps/0198f6c2-0000-7000-8000-000000000007"
NAMES = {FIRST: "Norfolk", SECOND: "Suffolk", THIRD: "Fenland Shelter"}


def a_leg(visitor: str, host: str, **fields: Any) -> dict[str, Any]:
    return {
        "visitingNotice": f"notices/{visitor}",
        "visitingNoticeTitle": f"Post at {NAMES[visitor]}",
        "visitingOrganisation": visitor,
        "visitingOrganisationDisplayName": NAMES[visitor],
        "hostNotice": f"notices/{host}",
        "hostNoticeTitle": f"Post at {NAMES[host]}",
        "hostOrganisation": host,
        "hostOrganisationDisplayName": NAMES[host],
        "startDate": "2027-03-01",
        "endDate": "",
        "exchange": "",
        "exchangeState": "STATE_UNSPECIFIED",
        **fields,
    }


def a_swap(**fields: Any) -> dict[str, Any]:
    return {
        "name": SWAP,
        "legs": [a_leg(FIRST, THIRD), a_leg(SECOND, FIRST), a_leg(THIRD, SECOND)],
        "state": "PROPOSED",
        "left": [],
        "successor": "",
        "predecessor": "",
        "agreeByTime": WHEN,
        "createTime": WHEN,
        "etag": '"1"',
        **fields,
    }


@pytest.fixture
def manager(app: Flask, canned: Canned) -> Reader:
    canned.me = {**ME, "manages": [FIRST]}
    canned.answers[f"GET /v1/{SWAP}"] = a_swap()
    return Reader(app)


def test_the_ring_is_drawn_and_said_in_words(manager: Reader) -> None:
    page = manager.get(f"/{SWAP}")

    assert page.count("<circle") == page.count("<line") == 3
    assert "Norfolk goes to Fenland Shelter" in page
    assert "Your organisation is asked" in page
    assert "Agree for your organisation" in page


def test_it_is_there_in_welsh(manager: Reader) -> None:
    page = manager.get(f"/{SWAP}?lang=cy")

    assert "Mae Norfolk yn mynd at Fenland Shelter" in page


def test_who_has_agreed_waits_for_others(manager: Reader, canned: Canned) -> None:
    legs = [
        a_leg(FIRST, THIRD, visitingAgreeTime=WHEN),
        a_leg(SECOND, FIRST, hostAgreeTime=WHEN),
        a_leg(THIRD, SECOND),
    ]
    canned.answers[f"GET /v1/{SWAP}"] = a_swap(legs=legs)

    page = manager.get(f"/{SWAP}")

    assert "It waits for others until" in page
    assert "Agree for your organisation" not in page


def test_it_begins_only_when_all_steps_are_signed(manager: Reader, canned: Canned) -> None:
    signed = {"exchange": "exchanges/1", "exchangeState": "AGREED"}
    legs = [a_leg(FIRST, SECOND, **signed), a_leg(SECOND, FIRST, **signed)]
    canned.answers[f"GET /v1/{SWAP}"] = a_swap(state="AGREED", legs=legs)
    assert "Begin all steps" in manager.get(f"/{SWAP}")

    legs[0]["exchangeState"] = "PROPOSED"
    assert "Begin all steps" not in manager.get(f"/{SWAP}")


def test_a_degraded_swap_leads_to_what_took_its_place(manager: Reader, canned: Canned) -> None:
    canned.answers[f"GET /v1/{SWAP}"] = a_swap(
        state="DEGRADED", successor="swaps/2", left=[f"notices/{THIRD}"]
    )

    page = manager.get(f"/{SWAP}")

    assert "It goes no further without: Fenland Shelter." in page
    assert 'href="/swaps/2"' in page


def test_all_swaps_are_listed(manager: Reader, canned: Canned) -> None:
    canned.answers["GET /v1/swaps"] = {"swaps": [a_swap()], "nextPageToken": ""}

    page = manager.get("/swaps")

    assert "Waits for you" in page


def test_a_suggestion_is_proposed_with_what_it_falls_back_to(
    manager: Reader,
    canned: Canned,
) -> None:
    legs = a_swap()["legs"]
    pair = [a_leg(FIRST, SECOND), a_leg(SECOND, FIRST)]
    reason = {"code": "NEAR", "text": "It is 12 miles away.", "contribution": 0.1}
    canned.answers["GET /v1/swaps:suggest"] = {
        "proposals": [
            {
                "legs": [{"leg": leg, "worth": 0.9, "reasons": [reason]} for leg in legs],
                "shorter": [{"legs": pair}],
            }
        ],
        "posts": 3,
        "gap": 0,
        "nextPageToken": "",
    }
    canned.answers["POST /v1/swaps"] = {"name": SWAP}

    page = manager.get("/swaps/suggested")
    assert "It is 12 miles away." in page
    sent = " ".join(f"{leg['visitingNotice']}>{leg['hostNotice']}" for leg in legs)
    manager.post("/swaps/propose", legs=sent, shorter="notices/1>notices/2")

    body = next(body for what, body in canned.asked if what == "POST /v1/swaps")
    assert [each["visitingNotice"] for each in body["legs"]] == [
        each["visitingNotice"] for each in legs
    ]
    assert body["shorter"] == [
        {"legs": [{"visitingNotice": "notices/1", "hostNotice": "notices/2"}]}
    ]
