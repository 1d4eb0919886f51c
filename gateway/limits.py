"""How much one caller may ask in a minute: counted in Valkey, or by this door alone while Valkey is away."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from enum import Enum
from ipaddress import IPv6Address, ip_address, ip_network

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from chassis.auth import Principal
from gateway import metrics, valkey
from gateway.config import Config
from gateway.errors import TooManyRequests
from gateway.routes import Route

LOOK_AGAIN_S = 1.0  # after Valkey did not answer, nobody waits for it so long
# An IPv6 customer has at least this whole network.
IPV6_PREFIX = 64
# Whoever tries these tries secrets, or has mail sent to others.
SIGN_IN = frozenset(
    {
        "CreateSession",
        "RefreshSession",
        "ConfirmEmail",
        "RequestPasswordReset",
        "ResetPassword",
        "ChangePassword",
    }
)

log = structlog.get_logger(__name__)


class Kind(Enum):
    """What a request costs."""

    SIGN_IN = "sign-in"
    WRITE = "write"
    READ = "read"


def kind_of(route: Route) -> Kind:
    """The kind of requests to a route by people who are signed in."""
    if route.method.name in SIGN_IN:
        return Kind.SIGN_IN
    return Kind.READ if route.http_method == "GET" else Kind.WRITE


def network_of(address: str) -> str:
    """Whom an address stands for."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed)


class Limits:
    """Each caller's share of each kind."""

    def __init__(self, config: Config, *, clock: Callable[[], float] = time.monotonic) -> None:
        shared = RedisStorage(config.redis_url, key_prefix="limits", **valkey.options())
        self._shared = SlidingWindowCounterRateLimiter(shared)
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shares = shares(config)
        self._clock = clock
        self._away_until = 0.0

    def spend(self, kind: Kind, who: Principal, address: str) -> None:
        """Count one request; TooManyRequests when the share is used up."""
        if kind is Kind.WRITE and not who.is_signed_in:
            kind = Kind.SIGN_IN  # what visitors write is registrations and tokens
        share = self._shares[kind]
        caller = address if kind is Kind.SIGN_IN else who.person or address
        if self._hit(share, kind.value, caller):
            return
        metrics.limited.labels(kind.value).inc()
        raise TooManyRequests(self._wait_s(share, kind.value, caller))

    def _hit(self, share: RateLimitItem, *caller: str) -> bool:
        if self._clock() < self._away_until:
            return self._own.hit(share, *caller)
        try:
            return self._shared.hit(share, *caller)
        except RedisError as problem:
            self._away_until = self._clock() + LOOK_AGAIN_S
            log.warning("limits_not_shared", error=type(problem).__name__)
            return self._own.hit(share, *caller)

    def _wait_s(self, share: RateLimitItem, *caller: str) -> int:
        """Whole seconds until one more request may do; a guess is good enough."""
        limiter = self._own if self._clock() < self._away_until else self._shared
        try:
            reset = limiter.get_window_stats(share, *caller).reset_time
        except RedisError:
            return 1
        return min(max(math.ceil(reset - time.time()), 1), share.get_expiry())


def shares(config: Config) -> Mapping[Kind, RateLimitItem]:
    """What each caller may ask in a minute."""
    amounts = {
        Kind.SIGN_IN: config.sign_ins_per_minute,
        Kind.WRITE: config.writes_per_minute,
        Kind.READ: config.reads_per_minute,
    }
    return {
        kind: RateLimitItemPerMinute(max(1, round(amount * config.rate_limit_factor)))
        for kind, amount in amounts.items()
    }
