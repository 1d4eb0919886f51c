"""Sessions that ended before their tokens did, kept in Redis for as long as a token could live."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:  # a program that never asks does not load a Redis client: 20 MB, half a second
    from redis import Redis

PREFIX = "revoked:"
ASK_AGAIN_S = 1.0
REMEMBERED = 4096

log = structlog.get_logger(__name__)


class Revocations:
    """Says whether a session was ended, asking Redis at most once a second for each.

    When Redis does not answer, the last answer stands, and a session never asked about counts as
    good: an access token lives for minutes only, and a region without its cache should still work.
    """

    def __init__(self, redis: Redis, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._answers: dict[str, tuple[bool, float]] = {}

    def revoke(self, session: str, ttl_s: int) -> None:
        """End a session: its tokens, which live at most `ttl_s`, are refused from now on."""
        self._redis.set(PREFIX + session, "1", ex=ttl_s)
        self._remember(session, revoked=True)

    def is_revoked(self, session: str) -> bool:
        answer, until = self._answers.get(session, (False, 0.0))
        if self._clock() < until:
            return answer
        return self._remember(session, revoked=self._ask(session, last=answer))

    def _ask(self, session: str, *, last: bool) -> bool:
        from redis.exceptions import RedisError

        try:
            return bool(self._redis.exists(PREFIX + session))
        except RedisError as problem:
            log.warning("revocations_unknown", error=type(problem).__name__)
            return last

    def _remember(self, session: str, *, revoked: bool) -> bool:
        if len(self._answers) >= REMEMBERED:
            self._answers.clear()  # cheaper than order, and only costs one question each
        self._answers[session] = (revoked, self._clock() + ASK_AGAIN_S)
        return revoked
