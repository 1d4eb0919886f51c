"""How we ask Valkey: with little patience, for everything works on without an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a program that never asks does not load the client
    from redis import Redis

WITHIN_S = 0.25


def options() -> dict[str, Any]:
    """One more try, for a connection that Valkey closed meanwhile. The client's own habit is three, with waits."""
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {
        "socket_timeout": WITHIN_S,
        "socket_connect_timeout": WITHIN_S,
        "retry": Retry(NoBackoff(), 1),
    }


def connect(url: str) -> Redis:
    """A client of the Valkey at this address."""
    from redis import Redis

    return Redis.from_url(url, **options())
