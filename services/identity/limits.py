"""How often somebody may try: counted in Redis for all instances, in memory while Redis is away."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import cast

import structlog
from redis import Redis
from redis.exceptions import RedisError

from chassis.errors import ResourceExhausted

PREFIX = "identity:tries:"
# When Redis does not answer it is left alone for so long: each call would wait for it.
LEFT_ALONE_S = 5.0
REMEMBERED = 10_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many tries in each window of so many seconds."""

    name: str
    most: int
    within_s: int


# Each of these may send a mail to somebody who did not ask for it.
REGISTER = Limit("register", 5, 3600)
RESET = Limit("reset", 3, 3600)
# What a stolen access token could be used to find out.
OWN_SECRET = Limit("own-secret", 10, 900)
# Or whose addresses are known here. Forms send the address along unchanged, too.
CHANGE_EMAIL = Limit("change-email", 60, 3600)


class Limits:
    """Counts tries by whom they are about. Names and addresses are hashed before they leave us."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._clock = clock
        self._lock = Lock()
        self._counts: dict[str, int] = {}
        self._away_until = 0.0

    def require(self, limit: Limit, whose: str) -> None:
        """Count one try; ResourceExhausted TOO_MANY_TRIES when there were too many."""
        if not self.allow(limit, whose):
            raise ResourceExhausted("TOO_MANY_TRIES", "too many tries: wait, then try again")

    def allow(self, limit: Limit, whose: str) -> bool:
        """Count one try; whether it may go on."""
        window = int(self._clock() // limit.within_s)
        who = sha256(whose.encode()).hexdigest()[:32]
        return self._count(f"{PREFIX}{limit.name}:{who}:{window}", limit.within_s) <= limit.most

    def _count(self, key: str, within_s: int) -> int:
        if self._clock() < self._away_until:
            return self._count_here(key)
        try:
            return self._count_in_redis(key, within_s)
        except RedisError as problem:
            log.warning("limits_counted_here", error=type(problem).__name__)
            self._away_until = self._clock() + LEFT_ALONE_S
            return self._count_here(key)

    def _count_in_redis(self, key: str, within_s: int) -> int:
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, within_s)
            return cast(int, pipeline.execute()[0])

    def _count_here(self, key: str) -> int:
        with self._lock:
            if len(self._counts) >= REMEMBERED:
                self._counts.clear()  # rarer than order would cost, and only forgives
            self._counts[key] = self._counts.get(key, 0) + 1
            return self._counts[key]
