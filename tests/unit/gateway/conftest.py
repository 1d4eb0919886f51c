"""A gateway in front of small real services, with a real Valkey beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from redis import Redis

from chassis import valkey
from chassis.auth import ServiceToken
from chassis.client import channel
from gateway.app import create_app
from gateway.config import Config
from tests.unit.gateway.services import GATEWAY_KEY, Books, serving, verifier

PROGRAMS = ("identity", "opportunities", "matching", "notifications", "federation")

Client = Any  # a FlaskClient: the JSON of its answers has any shape
MakeClient = Callable[..., Client]


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def address(books: Books) -> Iterator[str]:
    with serving(books) as server:
        yield server.address


@pytest.fixture
def a_client(address: str, redis: Redis, redis_url: str) -> Iterator[MakeClient]:
    """`a_client(cors_origins="…")`: a client of a gateway with these settings."""
    with ExitStack() as stack:

        def make(at: str = address, **settings: object) -> Client:
            config = Config(**{"redis_url": redis_url, "rate_limit_factor": 1000.0, **settings})  # type: ignore[arg-type]
            opened = stack.enter_context(channel(at))
            cache = stack.enter_context(valkey.connect(config.redis_url))
            own = stack.enter_context(channel(at, token=ServiceToken(GATEWAY_KEY, "gateway")))
            app = create_app(config, dict.fromkeys(PROGRAMS, opened), verifier(), cache, own)
            return app.test_client()

        yield make


@pytest.fixture
def client(a_client: MakeClient) -> Client:
    return a_client()
