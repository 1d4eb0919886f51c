"""How much one caller may ask in a minute: counted in Valkey, or by this door alone while Valkey is away.

Asking Valkey for each request would cost a quarter of a read. So the door takes a caller's share in
small handfuls, a sixtieth of it at once, and lets go what is not used within seconds. A caller never
gets more than their share; through many doors at once they may get a handful a door less.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from chassis import valkey
from chassis.auth import Principal
from gateway import metrics
from gateway.config import Config
from gateway.errors import TooManyRequests
from gateway.routes import Route

LOOK_AGAIN_S = 1.0  # after Valkey did not answer, nobody waits for it so long
HANDFULS = 60  # a share has so many
LARGEST_HANDFUL = 20
HELD_S = 5.0
REMEMBERED = 8192  # callers with a handful in this door's memory
# An IPv6 customer has at least this whole network.
IPV6_PREFIX = 64
# Whoever tries these tries secrets, or has mail sent to others.
SIGN_IN = frozenset(
    {
        "CreateSession",
        "AnswerChallenge",
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
    PARTNER = "partner"


def kind_of(route: Route) -> Kind:
    """The kind of requests to a route by people who are signed in."""
    if route.method.name in SIGN_IN:
        return Kind.SIGN_IN
    return Kind.READ if route.http_method == "GET" else Kind.WRITE


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Whom an address stands for."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed)


class Hands:
    """What is left of the handfuls that this door has taken."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._left: dict[tuple[str, ...], tuple[int, float]] = {}

    def use(self, caller: tuple[str, ...]) -> bool:
        """Take one out of the caller's handful, if there is one."""
        with self._lock:
            left, until = self._left.get(caller, (0, 0.0))
            if not left or self._clock() > until:
                return False
            self._left[caller] = (left - 1, until)
            return True

    def fill(self, caller: tuple[str, ...], amount: int) -> None:
        with self._lock:
            if len(self._left) >= REMEMBERED:
                self._left.clear()
            self._left[caller] = (amount, self._clock() + HELD_S)


class Limits:
    """Each caller's share of each kind."""

    def __init__(self, config: Config, *, clock: Callable[[], float] = time.monotonic) -> None:
        shared = RedisStorage(config.redis_url, key_prefix="limits", **valkey.options())
        self._shared = SlidingWindowCounterRateLimiter(shared)
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shares = shares(config)
        self._hands = Hands(clock)
        self._clock = clock
        self._away_until = 0.0

    def spend(self, kind: Kind, who: Principal, address: str) -> None:
        """Count one request; TooManyRequests when the share is used up."""
        if kind is Kind.WRITE and not who.is_signed_in:
            kind = Kind.SIGN_IN  # what visitors write is registrations and tokens
        caller = (kind.value, address if kind is Kind.SIGN_IN else who.person or address)
        share = self._shares[kind]
        if self._hands.use(caller) or self._take(share, caller):
            return
        metrics.limited.labels(kind.value).inc()
        raise TooManyRequests(self._wait_s(share, *caller))

    def _take(self, share: RateLimitItem, caller: tuple[str, ...]) -> bool:
        """A handful, one of which is used at once; near the end of the share only one."""
        handful = min(share.amount // HANDFULS, LARGEST_HANDFUL)
        if handful > 1 and self._hit(share, caller, handful):
            self._hands.fill(caller, handful - 1)
            return True
        return self._hit(share, caller, 1)

    def _hit(self, share: RateLimitItem, caller: tuple[str, ...], amount: int) -> bool:
        if self._clock() < self._away_until:
            return self._own.hit(share, *caller, cost=amount)
        try:
            return self._shared.hit(share, *caller, cost=amount)
        except RedisError as problem:
            self._away_until = self._clock() + LOOK_AGAIN_S
            log.warning("limits_not_shared", error=type(problem).__name__)
            return self._own.hit(share, *caller, cost=amount)

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
        Kind.PARTNER: config.partner_requests_per_minute,
    }
    return {
        kind: RateLimitItemPerMinute(max(1, round(amount * config.rate_limit_factor)))
        for kind, amount in amounts.items()
    }
