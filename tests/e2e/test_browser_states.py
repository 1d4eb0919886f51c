"""Pages that are seldom full, each full of long words, in a real browser: the gateway says what it was told to say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from redis import Redis

from tests.support.screen import Gallery, Screen
from tests.unit.web.canned import ME, Canned, listening
from web.app import create_app
from web.config import Config

LONG = "Unpronounceable" * 6  # 90 letters without a place to break
WHEN = "2026-11-25T09:00:00Z"
ONE = "0198f6c2-0000-7000-8000-000000000002"
NOTICE, PERSON = f"notices/{ONE}", f"people/{ONE}"
ORGANISATION, PARTNER = f"organisations/{ONE}", "partners/scotland"
OFFICE = f"{ORGANISATION}/managers/{ONE}"
SESSION = {
    "name": f"sessions/{ONE}",
    "person": PERSON,
    "createTime": WHEN,
    "refreshTime": WHEN,
    "hasSecondFactor": True,
    "current": False,
}
A_NOTICE: dict[str, Any] = {
    "name": NOTICE,
    "kind": "OFFERED",
    "format": "COACHING",
    "title": LONG,
    "body": f"{LONG}\n\n{LONG}",
    "themes": [],
    "skills": [],
    "gradeBands": [],
    "organisation": ORGANISATION,
    "organisationDisplayName": LONG,
    "state": "IN_REVIEW",
    "closingReason": "CLOSING_REASON_UNSPECIFIED",
    "publishTime": WHEN,
    "reviewNote": LONG,
    "regionDisplayName": "",
}
A_REPORT = {
    "name": f"{NOTICE}/reports/{ONE}",
    "reason": "PERSONAL_DATA",
    "text": LONG,
    "noticeTitle": LONG,
    "organisationDisplayName": LONG,
    "partnerRegion": "",
    "createTime": WHEN,
}
A_MANAGER = {
    "name": OFFICE,
    "person": ME["name"],
    "organisation": ORGANISATION,
    "organisationDisplayName": LONG,
    "displayName": LONG,
    "contactEmail": f"{LONG}@council.example",
    "appointTime": WHEN,
}
A_PARTNER = {
    "name": PARTNER,
    "displayName": LONG,
    "state": "FORKED",
    "stateReason": LONG,
    "url": f"https://{LONG}.example",
    "fingerprint": " ".join(["abandon"] * 12),
    "lastContactTime": WHEN,
    "asOfTime": WHEN,
    "keyExpireTime": WHEN,
    "heldEntries": 3,
    "quarantinedEntries": 2,
    "outstandingErasures": 1,
    "progress": [{"channel": "national", "incoming": True, "cursor": "7", "head": "9"}],
}
A_LETTER = {
    "name": f"programs/matching/deadLetters/{ONE}",
    "subject": f"evt.{LONG}",
    "reason": LONG,
    "detail": LONG,
    "state": "WAITING",
    "eventId": ONE,
    "createTime": WHEN,
}
A_DELIVERY = {
    "name": f"deliveries/{ONE}",
    "template": "notice-published",
    "state": "FAILED",
    "attempts": 7,
    "error": LONG,
    "createTime": WHEN,
}
AN_ENTRY = {
    "action": "organisation.verify",
    "subject": OFFICE,
    "actor": PERSON,
    "detail": LONG,
    "createTime": WHEN,
}
A_PERSON = {
    "name": PERSON,
    "displayName": LONG,
    "email": f"{LONG}@council.example",
    "jobTitle": LONG,
    "skills": [],
}
AN_ORGANISATION = {
    "name": ORGANISATION,
    "displayName": LONG,
    "kind": "LOCAL_AUTHORITY",
    "sector": "PUBLIC",
    "state": "REGISTERED",
    "website": f"https://{LONG}.example",
    "contactEmail": f"{LONG}@council.example",
    "description": LONG,
    "createTime": WHEN,
}
OWN = ME["name"]
A_PROVIDER = {
    "name": f"{ORGANISATION}/identityProvider",
    "organisation": ORGANISATION,
    "organisationDisplayName": LONG,
    "issuer": f"https://{LONG}.example/v2.0",
    "clientId": LONG,
    "hasClientSecret": True,
    "updateTime": WHEN,
}
A_LINK = {
    "name": f"{OWN}/linkedIdentities/{ONE}",
    "organisation": ORGANISATION,
    "organisationDisplayName": LONG,
    "createTime": WHEN,
}
ANSWERS: dict[str, Any] = {
    "GET /v1/regions/current": {"displayName": LONG, "secondFactorPolicy": "OPTIONAL"},
    "GET /v1/figures": {"organisations": 2, "organisationsWithCommittedManager": 1},
    "GET /v1/notices": {"notices": [A_NOTICE]},
    f"GET /v1/{NOTICE}": A_NOTICE,
    "GET /v1/notices/-/reports": {"reports": [A_REPORT, {**A_REPORT, "partnerRegion": "scotland"}]},
    "GET /v1/partners": {"partners": [A_PARTNER], "nextPageToken": "more"},
    f"GET /v1/{PARTNER}": A_PARTNER,
    f"GET /v1/{PARTNER}/forks": {"forks": []},
    f"GET /v1/{PARTNER}/setAsideEntries": {
        "setAsideEntries": [{"reason": LONG, "detail": LONG, "state": "HELD", "createTime": WHEN}]
    },
    "GET /v1/people/-/sessions": {"sessions": [SESSION, SESSION], "nextPageToken": "more"},
    "GET /v1/lockouts": {
        "lockouts": [
            {"person": PERSON, "lockTime": WHEN, "endTime": WHEN},
            {"person": "", "lockTime": WHEN, "endTime": WHEN},
        ]
    },
    "GET /v1/people": {"people": [A_PERSON], "nextPageToken": ""},
    f"GET /v1/{PERSON}": A_PERSON,
    f"GET /v1/{PERSON}/secondFactor": {"enabled": True, "confirmTime": WHEN},
    f"GET /v1/{PERSON}/sessions": {"sessions": [SESSION]},
    f"GET /v1/{PERSON}/linkedIdentities": {
        "linkedIdentities": [{"organisationDisplayName": LONG, "createTime": WHEN}]
    },
    f"GET /v1/{OWN}/secondFactor": {
        "enabled": True,
        "confirmTime": WHEN,
        "recoveryCodesLeft": 1,
        "hasPassword": True,
    },
    f"GET /v1/{OWN}/sessions": {
        "sessions": [{**SESSION, "current": True}, SESSION],
        "nextPageToken": "more",
    },
    f"GET /v1/{OWN}/linkedIdentities": {"linkedIdentities": [A_LINK]},
    f"GET /v1/{ORGANISATION}/identityProvider": A_PROVIDER,
    "GET /v1/identityProviders": {"identityProviders": [A_PROVIDER], "nextPageToken": ""},
    "GET /v1/deliveries": {"deliveries": [A_DELIVERY], "nextPageToken": "more"},
    "GET /v1/organisations": {"organisations": [AN_ORGANISATION], "nextPageToken": "more"},
    f"GET /v1/{ORGANISATION}": AN_ORGANISATION,
    f"GET /v1/{ORGANISATION}/managers": {"managers": [A_MANAGER]},
    "GET /v1/managers": {"managers": [A_MANAGER]},
    "GET /v1/auditEntries": {"auditEntries": [AN_ENTRY], "nextPageToken": "more"},
    "GET /v1/auditEntries:verify": {"entries": 7, "firstBrokenSequence": 5},
    "GET /v1/answeringTimes": {
        "answeringTimes": [
            {
                "organisation": ORGANISATION,
                "organisationDisplayName": LONG,
                "waiting": 3,
                "oldestEndorseTime": WHEN,
                "answered": 4,
                "medianHours": 30.5,
            }
        ],
        "nextPageToken": "more",
    },
    "GET /readyz": {"programs": {"matching": "away", "identity": "ready"}},
    "GET /v1/programs/identity/deadLetters": {"deadLetters": [A_LETTER], "nextPageToken": "more"},
}
FULL = [
    "/operator",
    "/operator/moderation",
    "/operator/partners",
    f"/operator/{PARTNER}",
    f"/operator/{PARTNER}/suspend",
    f"/operator/{PARTNER}/resume",
    "/operator/sign-ins",
    f"/operator/{PERSON}",
    "/operator/deliveries?state=FAILED",
    "/operator/dead-letters",
    f"/operator/dead-letters/identity/{ONE}/drop",
    "/operator/organisations",
    f"/operator/{ORGANISATION}",
    "/operator/coordinators",
    f"/operator/coordinators/{ONE}/dismiss",
    "/operator/coverage",
    "/operator/audit",
    "/operator/health",
    f"/{NOTICE}",
    f"/{OFFICE}",
    f"/{OFFICE}/step-down",
    f"/operator/{ORGANISATION}/provider",
    f"/operator/{ORGANISATION}/provider/remove",
    "/sign-in/organisation",
    "/account/linked",
    f"/account/linked/{ONE}/unlink",
    "/account/sessions",
    "/account/sessions/end-all",
    "/account/second-factor",
    "/account/second-factor/turn-off",
]
# What must be filled in, with what is said of it when it is not.
FORMS = [
    f"/{NOTICE}/report",
    f"/{NOTICE}/return",
    f"/operator/{NOTICE}/remove",
    f"/operator/{NOTICE}/refuse",
    f"/operator/{NOTICE}/reports/{ONE}/dismiss",
    f"/operator/{ORGANISATION}/verify",
    f"/operator/{ORGANISATION}/appoint",
    f"/operator/{ORGANISATION}/coordinator",
    f"/operator/{PERSON}/reset-second-factor",
    f"/operator/{PARTNER}/suspend",
    "/operator/sign-ins/find",
]


@pytest.fixture(params=["en", "cy"])
def operator(
    request: pytest.FixtureRequest,
    chromium: Chromium,
    gallery: Gallery,
    redis: Redis,
) -> Iterator[Screen]:
    """An operator at the pages of a region in which everything is long."""
    canned = Canned()
    canned.me = {**ME, "roles": ["operator"]}
    canned.answers = ANSWERS
    with (
        listening(canned) as gateway,
        listening(create_app(Config(gateway_url=gateway), redis)) as url,
    ):
        screen = Screen(chromium, gallery, url, request.param, "canned")
        screen.sign_in("mia@council.example", "a-password-of-hers")
        yield screen


def test_what_is_seldom_full_can_be_used_by_all(operator: Screen) -> None:
    for path in FULL:
        operator.get(path)
    for path in FORMS:
        operator.get(path)
        assert operator.send(422).errors, path
