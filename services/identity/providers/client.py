"""OpenID Connect as a client: code with PKCE, state and nonce; documents and keys of providers are kept for minutes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from chassis.clock import now
from services.identity.providers import id_tokens
from services.identity.providers.fetching import Fetcher, away
from services.identity.providers.id_tokens import Identity, UnknownKey

DISCOVERY = "/.well-known/openid-configuration"
KEPT_S = 600.0
# Whoever sends tokens with made-up key ids must not make us ask the provider each time.
REFETCH_S = 5.0
REMEMBERED = 200  # issuers
SCOPE = "openid profile email"
# HTTP's own sign-in is what providers expect; but each reads odd characters in it its own way, not so in a form.
IN_FORM, AUTH_METHODS = "client_secret_post", "token_endpoint_auth_methods_supported"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Secrets:
    """What one sign-in must be answered with. All of it follows from its token, which only the client keeps."""

    token: str

    @property
    def state(self) -> str:
        return self._made("state")

    @property
    def nonce(self) -> str:
        return self._made("nonce")

    @property
    def verifier(self) -> str:
        return self._made("pkce")

    @property
    def challenge(self) -> str:
        """RFC 7636, S256."""
        return _base64(hashlib.sha256(self.verifier.encode()).digest())

    def _made(self, what: str) -> str:
        return _base64(hmac.digest(self.token.encode(), f"interchange.{what}".encode(), "sha256"))


@dataclass(frozen=True, slots=True)
class Client:
    """What a provider knows us by."""

    issuer: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class _Known:
    content: Any
    since: float


class OpenIdConnect:
    """Talks to providers. `refetch_s`: how old keys must be before they are asked for again out of turn."""

    def __init__(
        self,
        fetcher: Fetcher,
        *,
        clock: Callable[[], datetime] = now,
        refetch_s: float = REFETCH_S,
    ) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._refetch_s = refetch_s
        self._lock = Lock()
        self._known: dict[str, _Known] = {}

    def discover(self, issuer: str) -> Mapping[str, Any]:
        """The provider's own description; Unavailable PROVIDER_AWAY when it is none, or another issuer's."""
        found = self._kept(issuer.rstrip("/") + DISCOVERY)
        if not isinstance(found, dict) or found.get("issuer") != issuer:
            raise away("its discovery document names another issuer")
        if not all(isinstance(found.get(each), str) for each in ENDPOINTS):
            raise away("its discovery document lacks an address")
        return found

    def discover_anew(self, issuer: str) -> None:
        """As `discover`, from the provider itself."""
        self._forget(issuer.rstrip("/") + DISCOVERY)
        self.discover(issuer)

    def authorization_uri(self, client: Client, secrets: Secrets, redirect_uri: str) -> str:
        """Where to send the browser."""
        asked = {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": secrets.state,
            "nonce": secrets.nonce,
            "code_challenge": secrets.challenge,
            "code_challenge_method": "S256",
        }
        there = str(self.discover(client.issuer)["authorization_endpoint"])
        return f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}"

    def identity(self, client: Client, secrets: Secrets, code: str, redirect_uri: str) -> Identity:
        """Who has signed in there."""
        return self.read(client, secrets, self._id_token(client, secrets, code, redirect_uri))

    def read(self, client: Client, secrets: Secrets, id_token: str) -> Identity:
        """As `id_tokens.read`, with the provider's keys; asks for them again when one is new."""
        try:
            return self._read(client, secrets, id_token)
        except UnknownKey:
            self._forget(self._keys_at(client), older_than_s=self._refetch_s)
        try:
            return self._read(client, secrets, id_token)
        except UnknownKey as problem:
            raise id_tokens.bad_token("BAD_SIGNATURE", "its key is not one of theirs") from problem

    def _read(self, client: Client, secrets: Secrets, id_token: str) -> Identity:
        return id_tokens.read(
            id_token,
            self._keys(client),
            issuer=client.issuer,
            client_id=client.client_id,
            nonce=secrets.nonce,
            at=self._clock(),
        )

    def _id_token(self, client: Client, secrets: Secrets, code: str, redirect_uri: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": client.client_id,
            "code_verifier": secrets.verifier,
        }
        document = self.discover(client.issuer)
        endpoint = str(document["token_endpoint"])
        if _is_odd(client) and IN_FORM in document.get(AUTH_METHODS, ()):
            answer = self._fetcher.post(endpoint, {**form, "client_secret": client.client_secret})
        else:
            answer = self._fetcher.post(endpoint, form, basic=_basic(client))
        token = answer.get("id_token") if isinstance(answer, dict) else None
        if not isinstance(token, str):
            raise away("it gave no ID token")
        return token

    def _keys(self, client: Client) -> KeySet:
        try:
            return KeySet.import_key_set(self._kept(self._keys_at(client)))
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as problem:
            raise away("its keys can't be read") from problem

    def _keys_at(self, client: Client) -> str:
        return str(self.discover(client.issuer)["jwks_uri"])

    def _kept(self, url: str) -> Any:
        known = self._known.get(url)
        if known and time.monotonic() - known.since < KEPT_S:
            return known.content
        found = self._fetcher.get(url)
        with self._lock:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[url] = _Known(found, time.monotonic())
        return found

    def _forget(self, url: str, *, older_than_s: float = 0.0) -> None:
        with self._lock:
            known = self._known.get(url)
            if known and time.monotonic() - known.since >= older_than_s:
                del self._known[url]


def _is_odd(client: Client) -> bool:
    return quote(client.client_secret, safe="") != client.client_secret


def _basic(client: Client) -> str:
    """RFC 6749, 2.3.1: both are encoded as in a form before they become HTTP's sign-in."""
    return ":".join(quote(each, safe="") for each in (client.client_id, client.client_secret))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
