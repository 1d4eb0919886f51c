"""From a token to who is calling: signature, issuer, life, revocation."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from threading import Lock
from typing import Any, NoReturn

import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import extract_compact

from chassis.auth.keys import ALGORITHM, JWKS, program_of
from chassis.auth.principal import Principal
from chassis.auth.tokens import SERVICE_PREFIX
from chassis.errors import Error, Unauthenticated, Unavailable

LEEWAY_S = 5  # clocks of two machines differ by less
CACHED_TOKENS = 4096
REFETCH_AFTER_S = 5  # an unknown kid makes us ask for keys, at most this often
KEYS_LIVE_S = 600  # a key that was withdrawn is forgotten after this
LONGEST_TOKEN = 8192
NEVER = float("-inf")

log = structlog.get_logger(__name__)


class Verifier:
    """Says whose a token is, or raises Unauthenticated.

    Programs sign with keys of `service_keys` and people's tokens are signed with keys that
    `fetch_keys` gives: the two sets never stand in for each other.
    """

    def __init__(
        self,
        service_keys: JWKS,
        fetch_keys: Callable[[], JWKS] | None = None,
        is_revoked: Callable[[str], bool] | None = None,
        *,
        region: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._service_keys = service_keys
        self._access_keys = AccessKeys(fetch_keys or JWKS, clock)
        self._is_revoked = is_revoked or (lambda _: False)
        self._region = region
        self._clock = clock
        self._verified = TokenCache(CACHED_TOKENS)

    def verify(self, token: str) -> Principal:
        """Who holds this token. Unauthenticated BAD_TOKEN, TOKEN_EXPIRED or TOKEN_REVOKED; Unavailable without keys."""
        digest = sha256(token.encode()).digest()
        principal, ends = self._verified.get(digest) or self._learn(digest, token)
        if self._clock() >= ends + LEEWAY_S:
            raise Unauthenticated("TOKEN_EXPIRED", "your session has ended: sign in again")
        if principal.session and self._is_revoked(principal.session):
            raise Unauthenticated("TOKEN_REVOKED", "this session has ended: sign in again")
        return principal

    def _learn(self, digest: bytes, token: str) -> tuple[Principal, float]:
        known = self._read(token)
        self._verified.put(digest, known)
        return known

    def _read(self, token: str) -> tuple[Principal, float]:
        kid = _kid_of(token)
        service_key = self._service_keys.get(kid)
        if service_key:
            claims = _verified(token, service_key)
            return _program(claims, program_of(kid)), _moment(claims, "exp")
        claims = _verified(token, self._access_keys.get(kid) or _refuse())
        self._check_issued(claims)
        return _person(claims, self._region), _moment(claims, "exp")

    def _check_issued(self, claims: Mapping[str, Any]) -> None:
        if _moment(claims, "iat") > self._clock() + LEEWAY_S:
            _refuse()


class AccessKeys:
    """The region's published keys: fetched when first needed, when old, and for an unknown kid, but not more often."""

    def __init__(self, fetch: Callable[[], JWKS], clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = Lock()
        self._keys = JWKS()
        self._fetched_at = self._tried_at = NEVER

    def get(self, kid: str) -> OKPKey | None:
        key = self._keys.get(kid)
        if key and self._clock() < self._fetched_at + KEYS_LIVE_S:
            return key
        self._refetch()
        return self._keys.get(kid)

    def _refetch(self) -> None:
        with self._lock:
            if self._clock() < self._tried_at + REFETCH_AFTER_S:
                return self._require()
            self._tried_at = self._clock()
            try:
                self._keys, self._fetched_at = self._fetch(), self._tried_at
            except Error as problem:
                log.warning("keys_not_fetched", reason=problem.reason)
            self._require()

    def _require(self) -> None:
        """Without any key a good token cannot be told from a bad one: that is not the caller's fault."""
        if self._fetched_at == NEVER:
            raise Unavailable(
                "KEYS_UNAVAILABLE", "sign-in cannot be checked now; try again in a moment"
            )


class TokenCache:
    """The last tokens found good, by hash: verifying a signature costs more than the rest of a call's check."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = Lock()
        self._known: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()

    def get(self, digest: bytes) -> tuple[Principal, float] | None:
        with self._lock:
            known = self._known.get(digest)
            if known:
                self._known.move_to_end(digest)
            return known

    def put(self, digest: bytes, known: tuple[Principal, float]) -> None:
        with self._lock:
            self._known[digest] = known
            if len(self._known) > self._size:
                self._known.popitem(last=False)


def _refuse() -> NoReturn:
    raise Unauthenticated("BAD_TOKEN", "this token is not valid here: sign in again")


def _kid_of(token: str) -> str:
    """The kid a token claims; nothing in it is believed yet."""
    if len(token) > LONGEST_TOKEN:
        _refuse()
    try:
        kid = extract_compact(token.encode()).headers().get("kid")
    except (JoseError, ValueError):
        _refuse()
    return kid if isinstance(kid, str) else _refuse()


def _verified(token: str, key: OKPKey) -> Mapping[str, Any]:
    try:
        return jwt.decode(token, key, algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError):
        _refuse()


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    return float(value) if isinstance(value, int | float) else _refuse()


def _names(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    values = claims.get(name, [])
    return frozenset(map(str, values)) if isinstance(values, list) else _refuse()


def _program(claims: Mapping[str, Any], owner: str) -> Principal:
    name = SERVICE_PREFIX + owner
    if claims.get("iss") != name or claims.get("sub") != name:
        _refuse()
    return Principal(service=owner)


def _person(claims: Mapping[str, Any], region: str) -> Principal:
    subject = claims.get("sub")
    if claims.get("iss") != region or not isinstance(subject, str) or not subject:
        _refuse()
    return Principal(
        person=subject,
        organisation=str(claims.get("org", "")),
        manages=_names(claims, "mgr"),
        roles=_names(claims, "roles"),
        session=str(claims.get("sid", "")),
    )
