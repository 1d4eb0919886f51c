"""Staying signed in: tokens are renewed by one at a time, sealed, and end when they must."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import pytest
from redis import Redis

from web.api import Ask, Away, Json, Refused
from web.sessions import SignedOut, SignIn, SignIns, Store

IDLE_S = 60
HEADERS: dict[str, str] = {}


class FakeGateway:
    """Gives tokens as identity does: a refresh token works once."""

    def __init__(self) -> None:
        self.refreshed = 0
        self.refresh_token = ""
        self._lock = Lock()

    def tokens(self) -> Json:
        self.refresh_token = f"refresh-{self.refreshed}"
        return {
            "accessToken": f"access-{self.refreshed}",
            "refreshToken": self.refresh_token,
            "expiresIn": 600,
        }

    def send(self, ask: Ask, headers: Mapping[str, str], within_s: float) -> Json:
        if ask.path == "/v1/me":
            return {"name": "people/1", "manages": [], "roles": []}
        if ask.path == "/v1/sessions/current":
            return {}
        assert ask.body
        with self._lock:
            if ask.body["refreshToken"] != self.refresh_token:
                raise Refused(401, {"reason": "TOKEN_REUSED"})
            self.refreshed += 1
            return self.tokens()


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


def sign_ins(redis: Redis, gateway: Any, *, absolute_s: int = 3600) -> SignIns:
    return SignIns(Store(redis, IDLE_S), gateway, absolute_s=absolute_s)


def test_many_requests_at_once_renew_once(redis: Redis, gateway: FakeGateway) -> None:
    kept = sign_ins(redis, gateway)
    sid = kept.begin(gateway.tokens(), HEADERS)
    stale = kept.read(sid)

    with ThreadPoolExecutor(8) as threads:
        renewed = list(threads.map(lambda _: kept.renew(sid, stale, HEADERS), range(8)))

    assert gateway.refreshed == 1
    assert {each.access_token for each in renewed} == {"access-1"}


def test_a_session_that_was_ended_elsewhere_is_over(redis: Redis, gateway: FakeGateway) -> None:
    kept = sign_ins(redis, gateway)
    sid = kept.begin(gateway.tokens(), HEADERS)
    gateway.refresh_token = "used by a thief"

    with pytest.raises(SignedOut, match="ended"):
        kept.renew(sid, kept.read(sid), HEADERS)
    with pytest.raises(SignedOut, match="idle"):
        kept.read(sid)


def test_nobody_stays_signed_in_for_ever(redis: Redis, gateway: FakeGateway) -> None:
    kept = sign_ins(redis, gateway, absolute_s=-1)
    sid = kept.begin(gateway.tokens(), HEADERS)

    with pytest.raises(SignedOut, match="long"):
        kept.read(sid)


def test_what_is_kept_ends_when_it_is_idle(redis: Redis, gateway: FakeGateway) -> None:
    sign_ins(redis, gateway).begin(gateway.tokens(), HEADERS)

    lives = [redis.ttl(key) for key in redis.scan_iter()]

    assert lives and all(0 < each <= IDLE_S for each in lives)


def test_who_reads_valkey_learns_neither_ids_nor_tokens(redis: Redis, gateway: FakeGateway) -> None:
    sid = sign_ins(redis, gateway).begin(gateway.tokens(), HEADERS)

    everything = b"".join(key + (redis.get(key) or b"") for key in redis.scan_iter())

    for secret in (sid, "access-0", "refresh-0", "people/1"):
        assert secret.encode() not in everything


def test_a_forgotten_session_is_nobodys(redis: Redis, gateway: FakeGateway) -> None:
    kept = sign_ins(redis, gateway)
    sid = kept.begin(gateway.tokens(), HEADERS)

    kept.end(sid, HEADERS)

    with pytest.raises(SignedOut):
        kept.read(sid)
    assert redis.keys() == []


def test_without_valkey_nobody_can_say_who_it_is() -> None:
    away = Redis(port=1, socket_connect_timeout=0.1)

    with pytest.raises(Away):
        Store(away, IDLE_S).read("data", "v.any")


def test_rights_are_read_from_who_one_is() -> None:
    me = {"name": "people/1", "manages": ["organisations/1"], "roles": ["operator"]}

    who = SignIn("a", "r", time.time(), time.time(), me)

    assert who.is_manager and who.is_operator and who.person == "people/1"
