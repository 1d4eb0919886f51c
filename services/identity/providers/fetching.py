"""Asking providers: out in the world only, by TLS, without redirects, and never more or longer than we allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import structlog
from urllib3 import BaseHTTPResponse, make_headers
from urllib3.exceptions import HTTPError

from chassis.errors import Unavailable
from chassis.outward import BadAddress, Pool, PrivateAddress, asking, pool_to

TOTAL_S = 4.0  # of the ten that a caller of ours has for two questions
CONNECT_S = 2.0
MOST_BYTES = 256 * 1024
FORM = "application/x-www-form-urlencoded"
OK = 200
BAD_ADDRESSES = {
    "NOT_OF_THE_WEB": "its address is not one of the web",
    "NOT_HTTPS": "its address is not https",
}

log = structlog.get_logger(__name__)


class Fetcher:
    """Asks for JSON. `on_loopback`: also on this machine, and without TLS."""

    def __init__(self, *, on_loopback: bool) -> None:
        self._on_loopback = on_loopback

    def get(self, url: str) -> Any:
        """JSON at an address; Unavailable PROVIDER_AWAY says why there is none."""
        return self._ask("GET", url, {"accept": "application/json"}, "")

    def post(self, url: str, form: Mapping[str, str], *, basic: str = "") -> Any:
        """The answer to a form; `basic`: name and password for HTTP's own sign-in."""
        own = make_headers(basic_auth=basic) if basic else {}
        headers = {**own, "accept": "application/json", "content-type": FORM}
        return self._ask("POST", url, headers, urlencode(form))

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: str) -> Any:
        parts = urlsplit(url)
        pool = self._pool(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        times = {"connect_s": CONNECT_S, "silence_s": TOTAL_S, "total_s": TOTAL_S}
        try:
            with asking(pool, method, target, headers, body, **times) as answer:
                return _parsed(answer)
        except PrivateAddress as problem:
            raise away("its address is a private one") from problem
        except (HTTPError, OSError) as problem:
            log.warning("provider_not_reached", error=type(problem).__name__)
            raise away("it does not answer") from problem
        finally:
            pool.close()

    def _pool(self, url: str) -> Pool:
        try:
            return pool_to(url, on_loopback=self._on_loopback)
        except BadAddress as problem:
            raise away(BAD_ADDRESSES[problem.reason]) from problem


def _parsed(answer: BaseHTTPResponse) -> Any:
    body = answer.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise away("its answer is too large")
    if answer.status != OK:
        raise away(f"it answered {answer.status}")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise away("its answer is not JSON") from problem


def away(why: str) -> Unavailable:
    log.warning("provider_away", why=why)
    return Unavailable(
        "PROVIDER_AWAY", f"the organisation's provider can't be used just now: {why}"
    )
