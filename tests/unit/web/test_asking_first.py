"""What can't be undone asks first: looking at its page does nothing, sending it does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from redis import Redis

from tests.unit.web.canned import ME, Canned, listening
from tests.unit.web.test_signed_in import Reader
from web.app import create_app
from web.config import Config

ONE = "0198f6c2-0000-7000-8000-000000000002"
STEPS = {
    f"/operator/coordinators/{ONE}/dismiss": f"POST /v1/people/{ONE}:dismissCoordinator",
    f"/swaps/{ONE}/leave": f"POST /v1/swaps/{ONE}:leave",
    f"/cohorts/{ONE}/close": f"POST /v1/cohorts/{ONE}:close",
    "/skills/housing-options/retire": "POST /v1/skills/housing-options:retire",
    "/operator/partners/scotland/resume": "POST /v1/partners/scotland:resume",
    f"/operator/dead-letters/identity/{ONE}/drop": (
        f"POST /v1/programs/identity/deadLetters/{ONE}:drop"
    ),
    "/account/sessions/end-all": "POST /v1/sessions:revokeAll",
}


@pytest.fixture
def canned() -> Canned:
    canned = Canned()
    canned.me = {**ME, "roles": ["operator"]}
    canned.answers |= {call: {} for call in STEPS.values()}
    return canned


@pytest.fixture
def app(canned: Canned, redis: Redis) -> Iterator[Flask]:
    with listening(canned) as url:
        yield create_app(Config(gateway_url=url), redis)


@pytest.mark.parametrize(("path", "call"), STEPS.items())
def test_a_step_asks_and_then_is_taken(app: Flask, canned: Canned, path: str, call: str) -> None:
    reader = Reader(app)

    reader.get(path)
    asked_by_looking = [what for what, _ in canned.asked]
    reader.client.post(path, data={"csrf_token": reader.token})

    assert call not in asked_by_looking
    assert call in [what for what, _ in canned.asked]
