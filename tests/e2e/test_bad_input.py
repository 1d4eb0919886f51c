"""Whatever is sent, the answer is clear: never a 5xx, never something that the API document does not say."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
import requests

from chassis.auth import Principal, generate_key, sign_access_token
from chassis.clock import now
from tests.support.region import RunningRegion
from tests.support.world import PASSWORD, Member, World

SCHEMATHESIS = Path(sysconfig.get_path("scripts")) / "schemathesis"
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)
NOTICE = {
    "kind": "WANTED",
    "format": "MENTORING",
    "title": "Mentor wanted",
    "body": "Somebody to talk to once a fortnight.",
}


@pytest.fixture(scope="module")
def world(region: RunningRegion) -> World:
    return region.world("badinput")


@pytest.fixture(scope="module")
def manager(world: World) -> Member:
    return world.manager(world.organisation("Bad Input"), "Patient Manager")


@pytest.mark.parametrize("who", ["visitor", "operator"])
def test_no_generated_request_breaks_the_contract(region: RunningRegion, who: str) -> None:
    """Schemathesis over the document itself. As operator, nothing that would end the session."""
    arguments = [
        "--checks",
        CHECKS,
        "--max-examples",
        "12",
        "--seed",
        "7",
        "--workers",
        "2",
        "--warnings",
        "off",
    ]
    if who == "operator":
        operator = region.world("schemathesis").operator
        arguments += ["-H", f"Authorization: Bearer {operator.token}"]
        arguments += ["--exclude-path-regex", "sessions|signingKeys|setSecondFactorPolicy"]

    found = subprocess.run(
        [SCHEMATHESIS, "run", f"{region.url}/openapi.json", "--phases", "fuzzing", *arguments],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )

    assert found.returncode == 0, re.sub(r"curl.*", "", found.stdout)[-6000:]


def test_an_oversized_body_is_refused(manager: Member) -> None:
    answer = manager.api.call("POST", "/v1/notices", {**NOTICE, "body": "x" * 1_000_000})

    assert (answer.status, answer["reason"]) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": 7}, "title"),
        ({"themes": "housing"}, "themes"),
        ({"kind": "BORROWED"}, "kind"),
        ({"tilte": "Mentor"}, "tilte"),
        ({"title": "x"}, "title"),
        ({"body": ""}, "body"),
        ({"startDate": "1 March"}, "startDate"),
        ({"place": {"latitude": 91}}, "place.latitude"),
        ({"skills": ["a"] * 2}, "skills"),
    ],
)
def test_a_wrong_field_is_named(manager: Member, wrong: dict[str, object], field: str) -> None:
    answer = manager.api.call("POST", "/v1/notices", {**NOTICE, **wrong})

    assert answer.status == 400, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    named = [error["field"] for error in answer["errors"]]
    assert any(name.removeprefix("notice.") == field for name in named), answer.body
    assert all(error["detail"] for error in answer["errors"])
    assert re.fullmatch("[0-9a-f]{32}", answer["traceId"])


def test_a_foreign_page_token_is_refused(world: World, manager: Member) -> None:
    for _ in range(2):
        world.publish(manager)
    token = world.visitor.get("/v1/notices", pageSize=1)["nextPageToken"]

    answer = world.visitor.call("GET", "/v1/notices", pageSize=1, pageToken=token, kind="WANTED")

    assert (answer.status, answer["reason"]) == (400, "BAD_PAGE_TOKEN")


def test_a_stale_etag_changes_nothing(manager: Member) -> None:
    made = manager.api.post("/v1/notices", NOTICE)
    path, seen = f"/v1/{made['name']}", made.headers["ETag"]
    manager.api.patch(path, {"title": "First of all"}, {"If-Match": seen})

    late = manager.api.call("PATCH", path, {"title": "Too late"}, {"If-Match": seen})

    assert (late.status, late["reason"]) == (412, "STALE_ETAG")
    assert manager.api.get(path)["title"] == "First of all"


def test_a_forged_token_is_refused(world: World, manager: Member) -> None:
    key = generate_key("forged.1")
    token = sign_access_token(
        key, Principal(person=manager.name), region="east-of-england", ttl_s=600, at=now()
    )

    answer = world.visitor.call("GET", "/v1/me", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status, answer["reason"]) == (401, "BAD_TOKEN")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_is_refused_after_signing_out(world: World, manager: Member) -> None:
    session = world.visitor.sign_in(manager.email, PASSWORD)
    session.delete("/v1/sessions/current")

    answer = session.call("GET", "/v1/me")

    assert (answer.status, answer["reason"]) == (401, "TOKEN_REVOKED")


def test_the_same_key_with_another_body_is_refused(manager: Member) -> None:
    key = {"Idempotency-Key": "badinput-0001-0001"}
    first = manager.api.call("POST", "/v1/notices", NOTICE, key)

    again = manager.api.call("POST", "/v1/notices", NOTICE, key)
    other = manager.api.call("POST", "/v1/notices", {**NOTICE, "title": "Another"}, key)

    assert first.status == again.status == 201
    assert again["name"] == first["name"]
    assert other.status == 422


@pytest.mark.parametrize(
    "body", ["{", '{"kind": NaN}', '{"title": "a", "title": "b"}', "[]", '"text"', "\x00"]
)
def test_what_is_no_json_object_is_refused(
    region: RunningRegion, manager: Member, body: str
) -> None:
    answer = requests.post(
        f"{region.url}/v1/notices",
        data=body,
        headers={
            "Authorization": f"Bearer {manager.api.token}",
            "Content-Type": "application/json",
        },
        timeout=10,
    )

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
