"""The form of a notice: what is sent of its conditions, and what is filled in again."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.unit.web.canned import ME, Canned
from tests.unit.web.test_signed_in import FIRST, NOTICE, Reader, app, canned

__all__ = ["app", "canned"]
WRITTEN = {
    "kind": "OFFERED",
    "format": "TROUBLESHOOTING",
    "title": "Help with rent arrears",
    "body": "By somebody who has done it.",
    "skills": "debt advice (4), data",
    "places": "3",
    "vetting_needed": "ENHANCED",
    "vetting_held": "",
    "new_partners": "yes",
    "visibility": "REGION",
}
CONDITIONS: dict[str, Any] = {
    "skillLevels": [{"skill": "debt-advice", "level": 4}],
    "vettingNeeded": "ENHANCED",
    "vettingHeld": "VETTING_UNSPECIFIED",
    "places": 3,
    "newPartnersOnly": True,
}
KEPT: dict[str, Any] = {
    "name": NOTICE,
    "kind": "OFFERED",
    "format": "TROUBLESHOOTING",
    "title": "Help with rent arrears",
    "body": "By somebody who has done it.",
    "themes": [],
    "skills": ["debt-advice", "data"],
    "attendance": "REMOTE",
    "gradeBands": [],
    "startDate": "",
    "endDate": "",
    "daysPerWeek": 0,
    "visibility": "REGION",
    "conditions": CONDITIONS,
    "etag": '"1"',
}


@pytest.fixture
def manager(app: Flask, canned: Canned) -> Reader:
    canned.me = {**ME, "manages": [FIRST]}
    canned.answers["POST /v1/notices"] = {"name": "notices/0198f6c2-0000-7000-8000-000000000099"}
    canned.answers[f"GET /v1/{NOTICE}"] = KEPT
    return Reader(app)


def test_conditions_are_sent_with_levels_apart_from_their_skills(
    manager: Reader, canned: Canned
) -> None:
    manager.get("/notices/new")
    manager.post("/notices/new", **WRITTEN)

    (sent,) = [body for what, body in canned.asked if what == "POST /v1/notices"]
    assert sent["skills"] == ["debt-advice", "data"]
    assert sent["conditions"] == CONDITIONS


def test_what_was_kept_is_filled_in_again(manager: Reader, canned: Canned) -> None:
    page = manager.get(f"/{NOTICE}/edit")

    assert 'value="debt advice (4), data"' in page
    assert '<option value="ENHANCED" selected>' in page


def test_a_notice_without_conditions_is_one_without(manager: Reader, canned: Canned) -> None:
    canned.answers[f"GET /v1/{NOTICE}"] = {key: KEPT[key] for key in KEPT if key != "conditions"}

    assert 'value="debt advice, data"' in manager.get(f"/{NOTICE}/edit")
