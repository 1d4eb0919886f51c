"""Being signed in: what is said of its end, what is kept, for whom one acts, and what one agrees to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import html5lib
import pytest
from flask import Flask
from redis import Redis

from tests.unit.web.canned import ME, Canned, listening
from web.app import create_app
from web.config import Config

NOTICE = "notices/0198f6c2-0000-7000-8000-000000000002"
INTEREST = f"{NOTICE}/interests/0198f6c2-0000-7000-8000-000000000003"
FIRST, SECOND = "organisations/1", "organisations/2"
WHEN = "2026-11-25T09:00:00Z"
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture
def canned() -> Canned:
    return Canned()


@pytest.fixture
def app(canned: Canned, redis: Redis) -> Iterator[Flask]:
    with listening(canned) as url:
        yield create_app(Config(gateway_url=url), redis)


class Reader:
    """A browser of somebody who is signed in."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.get("/sign-in")
        self.sign_in()

    def sign_in(self) -> Any:
        return self.post("/sign-in", email="mia@council.example", password="a-password-of-hers")

    def get(self, path: str) -> str:
        return self._read(self.client.get(path, follow_redirects=True))

    def post(self, path: str, **fields: str) -> Any:
        """The form on the page that was read last; answers where it leads, and the page there."""
        sent = {"csrf_token": self.token, **fields}
        answer = self.client.post(path, data=sent, follow_redirects=True)
        self._read(answer)
        return answer

    def _read(self, answer: Any) -> str:
        text: str = answer.get_data(as_text=True)
        assert answer.status_code < 500, text
        html5lib.HTMLParser(strict=True).parse(text)
        self.token = next(iter(CSRF.findall(text)), "")
        return text


@pytest.fixture
def mia(app: Flask) -> Reader:
    return Reader(app)


def a_person(canned: Canned) -> None:
    name = ME["name"]
    canned.answers |= {
        f"GET /v1/{name}": {
            "name": name, "displayName": "Mia", "email": "m@c.example", "jobTitle": "",
            "gradeBand": "OFFICER", "vettingHeld": "BASIC", "language": "en", "skills": [], "etag": "1",
            "emailConfirmTime": WHEN,
        },
        f"GET /v1/{name}/preferences": {"frequency": "OFF"},
        f"GET /v1/{name}/linkedIdentities": {"linkedIdentities": []},
        f"GET /v1/{name}/secondFactor": {"enabled": True, "confirmTime": WHEN, "required": False,
            "hasPassword": True},
        "GET /v1/identityProviders": {"identityProviders": []},
    }  # fmt: skip


def sessions(canned: Canned) -> None:
    one = {
        "name": "sessions/0198f6c2-0000-7000-8000-000000000004",
        "person": ME["name"],
        "createTime": WHEN,
        "refreshTime": WHEN,
        "current": False,
        "hasSecondFactor": True,
    }
    for whose in (ME["name"], "people/-"):
        canned.answers[f"GET /v1/{whose}/sessions"] = {"sessions": [one], "nextPageToken": ""}


def test_what_was_typed_is_put_back_after_signing_in_again(mia: Reader, canned: Canned) -> None:
    a_person(canned)
    mia.get("/account/skills")
    canned.refused.add(f"/v1/{ME['name']}")
    answer = mia.post("/account/skills", has="Housing options 4", password="never kept")
    assert answer.request.path == "/sign-in"
    canned.refused.clear()

    answer = mia.post(answer.request.full_path, email="mia@council.example", password="hers")

    text = answer.get_data(as_text=True)
    assert answer.request.path == "/account/skills"
    assert "Housing options 4" in text and "What you typed is here" in text
    assert "never kept" not in text
    assert "Housing options 4" not in mia.get("/account/skills")


def test_each_page_says_when_one_is_signed_out(mia: Reader, canned: Canned) -> None:
    a_person(canned)

    assert "If you do nothing, you are signed out at" in mia.get("/account")
    assert "You are still signed in" in mia.get("/stay")


def test_the_last_half_hour_is_announced(canned: Canned, redis: Redis) -> None:
    a_person(canned)
    with listening(canned) as url:
        reader = Reader(create_app(Config(gateway_url=url, absolute_s=600), redis))

        assert "because you have been signed in for a long time" in reader.get("/account")


def test_a_manager_of_several_acts_for_one(mia: Reader, app: Flask, canned: Canned) -> None:
    a_person(canned)
    canned.me |= {
        "manages": [FIRST, SECOND],
        "managedOrganisations": [
            {"name": FIRST, "displayName": "Norfolk"},
            {"name": SECOND, "displayName": "Suffolk"},
        ],
    }
    several = Reader(app)
    assert "You act for Norfolk." in several.get("/account")

    several.get("/account/organisation?next=/account")
    answer = several.post("/account/organisation?next=/account", organisation=SECOND)

    assert answer.request.path == "/account"
    assert "You act for Suffolk." in several.get("/account")
    several.post("/account/organisation", organisation="organisations/3")
    assert "You act for Suffolk." in several.get("/account")


def test_who_must_have_a_second_factor_is_led_to_it(app: Flask, canned: Canned) -> None:
    a_person(canned)
    canned.me["secondFactor"] = "MISSING"

    assert "Set up the second step of signing in" in Reader(app).get("/account")


def test_sessions_are_shown_to_their_owner_and_to_operators(app: Flask, canned: Canned) -> None:
    a_person(canned)
    sessions(canned)
    canned.me["roles"] = ["operator"]
    canned.answers |= {
        "GET /v1/lockouts": {
            "lockouts": [
                {"person": ME["name"], "lockTime": WHEN, "endTime": WHEN},
                {"person": "", "lockTime": WHEN, "endTime": WHEN},
            ]
        },
        "GET /v1/regions/current": {"displayName": "East", "secondFactorPolicy": "OPTIONAL"},
    }
    reader = Reader(app)

    assert "With a second step" in reader.get("/account/sessions")
    assert "An address that nobody here has" in reader.get("/operator/sign-ins")
    assert "Signed in" in reader.get(f"/operator/{ME['name']}")
    for path in ("find", "second-step"):
        reader.get(f"/operator/sign-ins/{path}")


def abroad(canned: Canned, **more: object) -> None:
    """An interest in a notice of Scotland's."""
    canned.answers |= {
        f"GET /v1/{INTEREST}": {
            "name": INTEREST, "notice": NOTICE, "noticeTitle": "Mentor", "state": "PROPOSED",
            "organisation": FIRST, "organisationDisplayName": "Norfolk", "createTime": WHEN,
            "noticeOrganisation": "organisations/9", "noticeRegion": "scotland",
            "participant": ME["name"], "waiting": "It waits.", **more,
        },
        f"GET /v1/{NOTICE}": {
            "name": NOTICE, "title": "Mentor", "organisation": "organisations/9", "kind": "OFFERED",
            "organisationDisplayName": "Fife", "region": "scotland", "regionDisplayName": "Scotland",
            "state": "PUBLISHED",
        },
        f"POST /v1/{INTEREST}:setConsent": {},
        f"POST /v1/{NOTICE}/interests": {"name": INTEREST},
    }  # fmt: skip


def test_consent_towards_another_region_says_to_whom_and_for_how_long(
    mia: Reader, canned: Canned
) -> None:
    abroad(canned)
    assert "Scotland has not been told of it yet" in mia.get(f"/{INTEREST}")
    assert "sealed so that only Scotland can read it" in mia.get(f"/{INTEREST}/consent")

    mia.post(f"/{INTEREST}/consent", days="30")

    (sent,) = [body for what, body in canned.asked if what.endswith(":setConsent")]
    assert sent["consent"]["recipientRegion"] == "scotland"
    assert sent["consent"]["textVersion"] == "introduction-abroad-2026-11"
    assert sent["consent"]["expireTime"]


def test_a_consent_in_force_is_shown_and_taken_back(mia: Reader, canned: Canned) -> None:
    given = {
        "textVersion": "introduction-abroad-2026-11",
        "recipientRegion": "scotland",
        "expireTime": "2099-01-01T00:00:00Z",
    }
    abroad(canned, consent=given, waiting="")
    text = mia.get(f"/{INTEREST}")
    assert "Agreed, with Scotland, until 1 January 2099" in text

    mia.get(f"/{INTEREST}/consent")
    mia.post(f"/{INTEREST}/consent")

    assert [body for what, body in canned.asked if what.endswith(":setConsent")] == [{}]


def test_an_answer_to_a_notice_of_another_region_asks_for_how_long(
    mia: Reader, canned: Canned
) -> None:
    abroad(canned)
    assert "The notice is from Scotland." in mia.get(f"/{NOTICE}/answer")

    mia.post(f"/{NOTICE}/answer", consent="yes", days="90", once="o")

    (sent,) = [body for what, body in canned.asked if what.endswith("/interests")]
    assert sent["participant"] == ME["name"]
    assert sent["consent"]["recipientRegion"] == "scotland"


def test_who_answers_for_themselves_is_not_asked_for_whom(mia: Reader, canned: Canned) -> None:
    abroad(canned)
    canned.answers["GET /v1/people"] = {"people": [], "nextPageToken": ""}
    own = mia.get(f"/{NOTICE}/answer")
    canned.me = {**ME, "manages": ["organisations/1"]}

    manager = Reader(mia.client.application).get(f"/{NOTICE}/answer")

    assert "May we introduce you" in own
    assert "Who would take part?" not in own
    assert "Who would take part?" in manager


@pytest.mark.parametrize(
    ("roles", "manages", "title", "state"),
    [
        ([], [], "Your requests", "Waits for your manager"),
        ([], ["organisations/1"], "Requests", "Waits for you"),
        (["operator"], [], "Requests", "Waits for a manager"),
    ],
)
def test_a_request_waits_for_who_answers_it(
    app: Flask, canned: Canned, roles: list[str], manages: list[str], title: str, state: str
) -> None:
    canned.me = {**ME, "roles": roles, "manages": manages}
    asked = {
        "name": "requests/0198f6c2-0000-7000-8000-000000000005",
        "title": "A mentor",
        "person": "people/0198f6c2-0000-7000-8000-000000000006" if roles or manages else ME["name"],
        "organisation": "organisations/1",
        "state": "OPEN",
        "createTime": WHEN,
    }
    canned.answers["GET /v1/requests"] = {"requests": [asked], "nextPageToken": ""}

    page = Reader(app).get("/requests")

    assert f'<h1 class="govuk-heading-l">{title}</h1>' in page
    assert f"{state}\n" in page
