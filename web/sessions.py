"""What we remember of a browser: an opaque id in its cookie, all else in Valkey until it is idle too long.

A visitor gets a session only with the first form. What is kept is named by a hash of the id and sealed
with a key made from it, so that whoever reads Valkey can neither come back as somebody nor read their tokens.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

import orjson
from cryptography.fernet import Fernet, InvalidToken
from redis import Redis
from redis.exceptions import LockError, RedisError

from web.api import Ask, Away, Gateway, Json, Refused

SIGNED_IN = "s."
VISITOR = "v."
RENEW_BEFORE_S = 30  # ends, so that it does not end on the way
RENEW_WITHIN_S = 6.0
LOCK_S = 15.0


class SecondFactorMissing(Exception):
    """The region asks this person for a second factor, before anything else."""


class SignedOut(Exception):
    """Only somebody who is signed in may see this page; `because` says why nobody is."""

    def __init__(self, because: str = "") -> None:
        super().__init__(because)
        self.because = because


@dataclass(frozen=True)
class SignIn:
    """Somebody's tokens, who they are, and when they signed in and their token ends (seconds since 1970)."""

    access_token: str
    refresh_token: str
    ends: float
    began: float
    me: Json

    @property
    def person(self) -> str:
        return str(self.me["name"])

    @property
    def manages(self) -> list[str]:
        """Organisations' names."""
        return list(self.me.get("manages", []))

    @property
    def must_get_second_factor(self) -> bool:
        return self.me.get("secondFactor") == "MISSING"

    @property
    def managed(self) -> list[Json]:
        """The same with their display names."""
        return list(self.me.get("managedOrganisations", []))

    @property
    def is_manager(self) -> bool:
        return bool(self.manages)

    @property
    def is_operator(self) -> bool:
        return "operator" in self.me.get("roles", [])

    @property
    def is_coordinator(self) -> bool:
        """Whether they run programmes; operators may too."""
        return self.is_operator or "coordinator" in self.me.get("roles", [])


def new_id(prefix: str) -> str:
    return prefix + secrets.token_urlsafe(32)


class Store:
    """Sessions in Valkey. Without Valkey nobody is signed in and no form is taken: Away."""

    def __init__(self, redis: Redis, idle_s: int) -> None:
        self._redis = redis
        self._idle_s = idle_s

    def read(self, what: str, sid: str) -> Json | None:
        """What is kept under this id; reading it keeps it for longer."""
        try:
            found = cast("bytes | None", self._redis.getex(_name(what, sid), ex=self._idle_s))
        except RedisError as problem:
            raise Away("Valkey") from problem
        return None if found is None else _open(sid, found)

    def write(self, what: str, sid: str, data: Json) -> None:
        try:
            self._redis.set(_name(what, sid), _seal(sid, data), ex=self._idle_s)
        except RedisError as problem:
            raise Away("Valkey") from problem

    def forget(self, sid: str) -> None:
        try:
            self._redis.delete(_name("data", sid), _name("tokens", sid))
        except RedisError as problem:
            raise Away("Valkey") from problem

    def lock(self, sid: str) -> Any:
        """Held by whoever renews the tokens of this session."""
        return self._redis.lock(
            _name("lock", sid), timeout=LOCK_S, blocking_timeout=RENEW_WITHIN_S, sleep=0.02
        )


def _name(what: str, sid: str) -> str:
    return f"web:{what}:{hashlib.sha256(sid.encode()).hexdigest()}"


def _box(sid: str) -> Fernet:
    key = hashlib.sha256(b"interchange.web.session\0" + sid.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _seal(sid: str, data: Json) -> bytes:
    return _box(sid).encrypt(orjson.dumps(data))


def _open(sid: str, sealed: bytes) -> Json | None:
    try:
        return cast(Json, orjson.loads(_box(sid).decrypt(sealed)))
    except InvalidToken:
        return None


class SignIns:
    """Signing in, staying signed in, signing out."""

    def __init__(self, store: Store, gateway: Gateway, *, absolute_s: int) -> None:
        self._store = store
        self._gateway = gateway
        self._absolute_s = absolute_s

    def begin(self, tokens: Json, headers: dict[str, str]) -> str:
        """Keep who has just signed in under a new id."""
        sid = new_id(SIGNED_IN)
        self._keep(sid, self._known(tokens, headers, began=time.time()))
        return sid

    def read(self, sid: str) -> SignIn:
        """Who is signed in under this id; SignedOut when nobody is any more."""
        found = self._store.read("tokens", sid)
        if found is None:
            raise SignedOut("idle")
        signed_in = SignIn(**found)
        if time.time() - signed_in.began > self._absolute_s:
            self._store.forget(sid)
            raise SignedOut("long")
        return signed_in

    def renew(self, sid: str, stale: SignIn, headers: dict[str, str]) -> SignIn:
        """New tokens. A refresh token works once (ADR 10): one of us asks, the others wait and take what it got."""
        try:
            with self._store.lock(sid):
                present = self.read(sid)
                if present.access_token != stale.access_token:
                    return present
                return self._renew(sid, present, headers)
        except (LockError, RedisError) as problem:
            raise Away("tokens are being renewed") from problem

    def _renew(self, sid: str, present: SignIn, headers: dict[str, str]) -> SignIn:
        ask = Ask("POST", "/v1/sessions:refresh", body={"refreshToken": present.refresh_token})
        try:
            tokens = self._gateway.send(ask, headers, RENEW_WITHIN_S)
        except Refused as refused:
            self._store.forget(sid)
            raise SignedOut("ended") from refused
        # Before anything else is asked: the old one is used up.
        kept = replace(present, **_timed(tokens))
        self._keep(sid, kept)
        renewed = self._known(tokens, headers, began=present.began)
        self._keep(sid, renewed)
        return renewed

    def end(self, sid: str, headers: dict[str, str]) -> None:
        """Sign out, here and at the gateway."""
        signed_in = self.read(sid)
        self._store.forget(sid)
        bearer = {**headers, "Authorization": f"Bearer {signed_in.access_token}"}
        self._gateway.send(Ask("DELETE", "/v1/sessions/current"), bearer, RENEW_WITHIN_S)

    def _known(self, tokens: Json, headers: dict[str, str], *, began: float) -> SignIn:
        bearer = {**headers, "Authorization": f"Bearer {tokens['accessToken']}"}
        me = self._gateway.send(Ask("GET", "/v1/me"), bearer, RENEW_WITHIN_S)
        return SignIn(**_timed(tokens), began=began, me=me)

    def _keep(self, sid: str, signed_in: SignIn) -> None:
        self._store.write("tokens", sid, asdict(signed_in))


def _timed(tokens: Json) -> Json:
    return {
        "access_token": tokens["accessToken"],
        "refresh_token": tokens["refreshToken"],
        "ends": time.time() + int(tokens["expiresIn"]) - RENEW_BEFORE_S,
    }
