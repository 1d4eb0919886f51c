"""What would fit a person: from where they set out, with which check, and who says so."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.unit.web.canned import ME, Canned
from tests.unit.web.test_signed_in import Reader, app, canned

__all__ = ["app", "canned"]
NORFOLK = "organisations/0198f6c2-0000-7000-8000-00000000000a"
ASHA = "people/0198f6c2-0000-7000-8000-00000000000b"
NORWICH = {"label": "Norwich", "latitude": 52.63, "longitude": 1.3}
PERSON: dict[str, Any] = {
    "name": ASHA,
    "displayName": "Asha Coe",
    "organisation": NORFOLK,
    "jobTitle": "",
    "gradeBand": "OFFICER",
    "vettingHeld": "ENHANCED",
    "skills": [{"skill": "budgets", "level": 3, "stance": "HAS"}],
    "etag": '"1"',
}


@pytest.fixture
def manager(app: Flask, canned: Canned) -> Reader:
    canned.me = {**ME, "manages": [NORFOLK]}
    canned.answers[f"GET /v1/{ASHA}"] = PERSON
    canned.answers["GET /v1/people"] = {"people": [PERSON], "nextPageToken": ""}
    canned.answers[f"GET /v1/{NORFOLK}"] = {"name": NORFOLK, "place": NORWICH}
    nothing = {"suggestions": [], "nextPageToken": ""}
    canned.answers["POST /v1/notices:suggestForProfile"] = nothing
    return Reader(app)


def test_what_matters_of_somebody_is_asked_with_and_nothing_else(
    manager: Reader, canned: Canned
) -> None:
    manager.get(f"/{ASHA}/suggestions")

    asked = dict(canned.asked)["POST /v1/notices:suggestForProfile"]
    assert (asked["vettingHeld"], asked["place"]) == ("ENHANCED", NORWICH)
    assert "Asha" not in str(asked)
    assert ASHA not in str(asked)


def test_a_manager_notes_which_check_they_have_seen(manager: Reader, canned: Canned) -> None:
    canned.answers[f"PATCH /v1/{ASHA}"] = PERSON

    people = manager.get("/suggestions/people")
    manager.get(f"/{ASHA}/check")
    manager.post(f"/{ASHA}/check", vetting_held="BASIC")

    assert "Enhanced" in people
    body = {"name": ASHA, "etag": '"1"', "vettingHeld": "BASIC"}
    assert (f"PATCH /v1/{ASHA}", body) in canned.asked


def test_it_is_there_in_welsh(manager: Reader) -> None:
    assert "Pa wiriad sydd ganddynt?" in manager.get(f"/{ASHA}/check?lang=cy")
