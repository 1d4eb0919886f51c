"""What goes with one request: its trace, its session, who is signed in, and the API on their behalf."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import wraps
from hmac import compare_digest
from typing import Any, ParamSpec, TypeVar, cast

from flask import Flask, Response, abort, current_app, g, request

from chassis import tracing
from chassis.proxies import TrustedProxies
from web.api import Api, Gateway, Json
from web.config import Config
from web.sessions import (
    SIGNED_IN,
    VISITOR,
    SecondFactorMissing,
    SignedOut,
    SignIn,
    SignIns,
    Store,
    new_id,
)

P = ParamSpec("P")
R = TypeVar("R")
HOST_COOKIE = "__Host-session"
CSRF = "csrf_token"
ORGANISATION = "organisation"  # a cookie: for whom a manager of several acts
# Where one gets a second factor, or leaves; every other page that is for somebody waits for it.
BEFORE_SECOND_FACTOR = ("second_factor", "signing_in")


class Asked:
    """One request. What nobody asks for is never looked up: a visitor's page needs no Valkey."""

    def __init__(self, site: Site) -> None:
        self._site = site
        cookie = request.cookies.get(site.cookie, "")
        self.sid = cookie if cookie.startswith((SIGNED_IN, VISITOR)) else ""
        self.was_signed_in = self.sid.startswith(SIGNED_IN)
        self.because = ""  # nobody is signed in any more
        self.has_new_id = False
        self._data: Json | None = None
        self._signed_in: SignIn | None = None
        self._is_known = False
        self.headers = {
            "Accept-Language": g.language,
            "X-Forwarded-For": site.proxies.client(
                request.remote_addr or "", request.headers.get("X-Forwarded-For", "")
            ),
        }
        here = tracing.traceparent()
        if here:  # else the trace begins at the gateway
            self.headers["traceparent"] = here
        self.api = Api(site.gateway, self._bearer, self.headers, site.config.page_timeout_s)

    @property
    def signed_in(self) -> SignIn | None:
        """Who is signed in."""
        if not self._is_known and self.sid.startswith(SIGNED_IN):
            try:
                self._signed_in = self._site.sign_ins.read(self.sid)
            except SignedOut as out:
                self.leave(out.because)
        self._is_known = True
        return self._signed_in

    def _bearer(self, refused: str) -> str:
        """The token to ask with; another one in place of one that was refused or is about to end."""
        signed_in = self.signed_in
        if signed_in is None:
            return ""
        if signed_in.access_token == refused or signed_in.ends < time.time():
            self.renew()
        return self._signed_in.access_token if self._signed_in else ""

    def renew(self) -> None:
        """Tokens anew, with the rights that the person has now."""
        if self._signed_in:
            self._signed_in = self._site.sign_ins.renew(self.sid, self._signed_in, self.headers)

    def enter(self, tokens: Json) -> SignIn:
        """Somebody has signed in. The id is new, so that none that was known before is worth anything."""
        kept = self.data
        if self.sid:
            self._site.store.forget(self.sid)
        self._take(self._site.sign_ins.begin(tokens, self.headers))
        self._data = {name: value for name, value in kept.items() if name != CSRF}
        if self._data:
            self.remember()
        self._signed_in, self._is_known = self._site.sign_ins.read(self.sid), True
        return self._signed_in

    def sign_out(self) -> None:
        sid = self.sid
        self.leave("")
        self._site.sign_ins.end(sid, self.headers)

    def forget(self) -> None:
        """They have signed out elsewhere, and so here."""
        self._site.store.forget(self.sid)
        self.leave("")

    def leave(self, because: str) -> None:
        """Nobody is signed in from here on."""
        self.because = because
        self._signed_in, self._is_known, self._data = None, True, None
        self._take("")

    def _take(self, sid: str) -> None:
        self.sid, self.has_new_id = sid, True

    @property
    def data(self) -> Json:
        """What we remember of this browser; call `remember` after changing it."""
        if self._data is None:
            self._data = (self._site.store.read("data", self.sid) if self.sid else None) or {}
        return self._data

    def remember(self) -> None:
        if not self.sid:
            self._take(new_id(VISITOR))
        self._site.store.write("data", self.sid, self.data)

    @property
    def csrf_token(self) -> str:
        """In each form, so that no other site can send it."""
        if CSRF not in self.data:
            self.data[CSRF] = secrets.token_urlsafe(24)
            self.remember()
        return str(self.data[CSRF])

    def is_own_form(self) -> bool:
        """Whether what was posted comes from a form that we made for this browser."""
        given, known = request.form.get(CSRF, ""), str(self.data.get(CSRF, ""))
        return bool(known) and compare_digest(given.encode(), known.encode())

    def write_cookie(self, response: Response) -> None:
        if not self.has_new_id:
            return
        if not self.sid:
            response.delete_cookie(self._site.cookie, secure=self._site.config.is_secure, path="/")
            return
        response.set_cookie(
            self._site.cookie,
            self.sid,
            secure=self._site.config.is_secure,
            httponly=True,
            samesite="Lax",
            path="/",
        )


class Site:
    """What all requests share."""

    def __init__(self, config: Config, gateway: Gateway, store: Store) -> None:
        self.config = config
        self.proxies = TrustedProxies(config.trusted_proxies)
        self.gateway = gateway
        self.store = store
        self.sign_ins = SignIns(store, gateway, absolute_s=config.absolute_s)
        # A browser takes a `__Host-` cookie by https only.
        # On loopback all ports share their cookies: several regions on one machine must not take each other's.
        self.cookie = HOST_COOKIE if config.is_secure else f"session-{config.port}"


def site(app: Flask | None = None) -> Site:
    return cast(Site, (app or current_app).extensions["site"])


def public_address(path: str) -> str:
    """A page's whole address, as people outside find it."""
    return (site().config.public_url or request.host_url).rstrip("/") + path


def asked() -> Asked:
    """The request in work."""
    if "asked" not in g:
        g.asked = Asked(site())
    return cast(Asked, g.asked)


def api() -> Api:
    """The API, as whoever asks for this page."""
    return asked().api


def me() -> SignIn:
    """Who is signed in; SignedOut when nobody is."""
    found = asked().signed_in
    if found is None:
        raise SignedOut(asked().because)
    if found.must_get_second_factor and request.blueprint not in BEFORE_SECOND_FACTOR:
        raise SecondFactorMissing
    return found


def acts_for() -> str:
    """The organisation that a manager acts for: of several, the one that was chosen."""
    manages, chosen = me().manages, f"organisations/{request.cookies.get(ORGANISATION, '')}"
    return chosen if chosen in manages else next(iter(manages), "")


def _only(may: Callable[[SignIn], bool]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def guard(page: Callable[P, R]) -> Callable[P, R]:
        @wraps(page)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not may(me()):
                abort(403)
            return page(*args, **kwargs)

        return guarded

    return guard


signed_in = _only(lambda _: True)
manager = _only(lambda who: who.is_manager)
coordinator = _only(lambda who: who.is_coordinator)
operator = _only(lambda who: who.is_operator)
reviewer = _only(lambda who: who.is_manager or who.is_operator)


def together(*asks: Any) -> list[Json]:
    return api().together(*asks)


def start_of() -> str:
    """Where whoever is signed in begins."""
    who = asked().signed_in
    if who is None:
        return "/"
    if who.is_operator:
        return "/operator"
    return "/dashboard" if who.is_manager else "/requests"
