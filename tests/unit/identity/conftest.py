"""The servicers of identity on a real database and a real Valkey, with people to try them."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.conftest import Databases
from tests.unit.identity.house import House


@pytest.fixture
def house(databases: Databases, redis: Redis) -> House:
    """An empty region with one operator."""
    return House(databases("identity"), redis)
