"""How the door asks Valkey: with little patience, for it works on without an answer."""

from __future__ import annotations

from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

WITHIN_S = 0.25


def options() -> dict[str, Any]:
    """One more try, for a connection that Valkey closed meanwhile. The client's own habit is three, with waits."""
    return {
        "socket_timeout": WITHIN_S,
        "socket_connect_timeout": WITHIN_S,
        "retry": Retry(NoBackoff(), 1),
    }


def connect(url: str) -> Redis:
    """A client of the Valkey at this address."""
    return Redis.from_url(url, **options())
