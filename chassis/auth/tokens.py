"""Signing: access tokens for people, and each program's own token."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import OKPKey

from chassis.auth.keys import ALGORITHM, Jwk
from chassis.auth.principal import Principal

SERVICE_TTL_S = 300
SERVICE_PREFIX = "program:"
# A new service token is made this long before the old one ends, so that none ends on its way.
RENEW_BEFORE_S = 60


def sign_access_token(
    key: Jwk, principal: Principal, *, region: str, ttl_s: int, at: datetime
) -> str:
    """A person's access token, valid from `at` for `ttl_s`."""
    issued = int(at.timestamp())
    claims = {
        "iss": region,
        "sub": principal.person,
        "org": principal.organisation,
        "mgr": sorted(principal.manages),
        "roles": sorted(principal.roles),
        "sid": principal.session,
        "iat": issued,
        "exp": issued + ttl_s,
        "jti": uuid4().hex,
    }
    return sign(key, claims)


def sign(key: Jwk, claims: dict[str, Any]) -> str:
    """Claims as a JWT in compact form."""
    header = {"alg": ALGORITHM, "kid": key["kid"]}
    return jwt.encode(header, claims, OKPKey.import_key(dict(key)), algorithms=[ALGORITHM])


class ServiceToken:
    """A program's own token, signed by itself and renewed before it ends."""

    def __init__(self, key: Jwk, program: str, *, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._name = SERVICE_PREFIX + program
        self._clock = clock
        self._current = ("", 0.0)

    def __call__(self) -> str:
        token, renew_at = self._current
        return token if self._clock() < renew_at else self._renew()

    def _renew(self) -> str:
        # Two threads may both renew: each gets a good token, the last one stays.
        issued = int(self._clock())
        ends = issued + SERVICE_TTL_S
        claims = {
            "iss": self._name,
            "sub": self._name,
            "iat": issued,
            "exp": ends,
            "jti": uuid4().hex,
        }
        token = sign(self._key, claims)
        self._current = (token, ends - RENEW_BEFORE_S)
        return token
