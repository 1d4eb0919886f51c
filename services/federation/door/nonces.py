"""Requests are answered once: what signed numbers were seen is remembered for as long as a signature is good."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from redis import Redis, RedisError

from chassis.errors import Unavailable
from services.federation.protocol.requests import WINDOW_S

# A signature is good for as long before our time as after it.
KEPT_S = 2 * WINDOW_S


def nonces(redis: Redis) -> Callable[[str], bool]:
    """Whether a nonce was seen before, by any instance. Unavailable while nobody can tell."""

    def seen(nonce: str) -> bool:
        key = "federation:nonce:" + sha256(nonce.encode()).hexdigest()
        try:
            return not redis.set(key, b"1", nx=True, ex=KEPT_S)
        except RedisError as problem:
            raise Unavailable(
                "NONCES_UNAVAILABLE", "whether this was asked before can't be told; try again"
            ) from problem

    return seen
