"""Tries are counted for all instances in Redis, and here while Redis is away."""

from __future__ import annotations

import pytest
from redis import Redis

from chassis.errors import ResourceExhausted
from chassis.valkey import connect
from services.identity.limits import LEFT_ALONE_S, Limit, Limits

THREE = Limit("three", 3, 60)
ASHA = "asha@norfolk.example"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def tries(limits: Limits, times: int, whose: str = ASHA) -> list[bool]:
    return [limits.allow(THREE, whose) for _ in range(times)]


def test_a_limit_is_shared_by_all_instances(redis: Redis) -> None:
    clock = Clock()
    one, other = Limits(redis, clock=clock), Limits(redis, clock=clock)

    assert tries(one, 2) + tries(other, 2) == [True, True, True, False]


def test_everybody_has_their_own_and_a_new_one_in_each_window(redis: Redis) -> None:
    clock = Clock()
    limits = Limits(redis, clock=clock)
    tries(limits, 3)

    assert limits.allow(THREE, "ben@norfolk.example")
    assert not limits.allow(THREE, ASHA)
    clock.now += 60
    assert limits.allow(THREE, ASHA)


def test_one_try_too_many_is_refused(redis: Redis) -> None:
    limits = Limits(redis, clock=Clock())
    tries(limits, 3)

    with pytest.raises(ResourceExhausted, match="TOO_MANY_TRIES"):
        limits.require(THREE, ASHA)


def test_what_redis_keeps_names_nobody_and_ends(redis: Redis) -> None:
    tries(Limits(redis), 1)

    (key,) = redis.keys("*")

    assert b"asha" not in key
    assert 0 < int(redis.ttl(key)) <= 60


def test_limits_hold_while_redis_is_away() -> None:
    limits = Limits(connect("redis://127.0.0.1:1/0"), clock=Clock())

    assert tries(limits, 4) == [True, True, True, False]


def test_redis_is_asked_again_after_a_while(redis: Redis, redis_url: str) -> None:
    clock, client = Clock(), connect(redis_url)
    limits = Limits(client, clock=clock)
    pool, client.connection_pool = (
        client.connection_pool,
        connect("redis://127.0.0.1:1").connection_pool,
    )
    tries(limits, 1)
    client.connection_pool = pool

    tries(limits, 1)
    assert redis.keys("*") == []
    clock.now += LEFT_ALONE_S
    tries(limits, 1)

    assert len(redis.keys("*")) == 1  # type: ignore[arg-type]
