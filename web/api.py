"""The gateway's public API as pages ask it: one pool of connections, one deadline a page, calls side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlencode

import orjson
import urllib3

Json: TypeAlias = dict[str, Any]
Query: TypeAlias = Mapping[str, object]

POOL = 32  # connections kept: two for each thread
CONNECT_WITHIN_S = 1.0
AT_LEAST_S = 0.1
UNAUTHENTICATED = 401
FAULTS = frozenset({500, 501, 502, 503, 504})
ALL_AT_ONCE = 100  # the most that a list gives at once
PAGES_AT_MOST = 20


class Away(Exception):
    """The gateway, or what it needs, does not answer now; trying again later may do."""


class Refused(Exception):
    """What was asked is not done; a problem document says why (RFC 9457)."""

    def __init__(self, status: int, problem: Json) -> None:
        self.status = status
        self.reason = str(problem.get("reason", ""))
        self.detail = str(problem.get("detail", ""))
        self.errors: Sequence[Json] = problem.get("errors", ())
        self.metadata: Json = problem.get("metadata", {})
        super().__init__(f"{status} {self.reason}")


@dataclass(frozen=True)
class Ask:
    """One request."""

    method: str
    path: str
    query: Query = field(default_factory=dict)
    body: Json | None = None
    key: str = ""  # makes that a second try is not a second deed

    @property
    def may_be_sent_again(self) -> bool:
        """Whether a second time is as good as once."""
        return self.method == "GET" or bool(self.key)

    @property
    def target(self) -> str:
        """Path and query; empty values are left out, several are repeated."""
        pairs = list(_pairs(self.query))
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path


def asking(path: str, **query: object) -> Ask:
    """A GET, to be asked together with others."""
    return Ask("GET", path, query)


def _pairs(query: Query) -> Iterator[tuple[str, str]]:
    for name, value in query.items():
        several = value if isinstance(value, list | tuple) else [value]
        for each in several:
            if each not in ("", None, False):
                yield name, "true" if each is True else str(each)


class Gateway:
    """The connection to one gateway, shared by all threads."""

    def __init__(self, url: str, authority: Path | None = None) -> None:
        """With an `authority` (PEM), an https URL's certificate must be of it; else of one that the machine knows."""
        self._url = url.rstrip("/")
        # Nothing is tried again by urllib3: what can be is decided where the request is known.
        self._pool = urllib3.PoolManager(
            maxsize=POOL,
            block=False,
            retries=False,
            ca_certs=str(authority) if authority else None,
        )
        self.threads = ThreadPoolExecutor(POOL, thread_name_prefix="ask")

    def close(self) -> None:
        self.threads.shutdown(wait=False, cancel_futures=True)
        self._pool.clear()

    def health(self, within_s: float) -> Json:
        """What the gateway says of itself and of what it needs, also when that is not well."""
        return _content(self._exchange(asking("/readyz"), {}, within_s).data)

    def send(self, ask: Ask, headers: Mapping[str, str], within_s: float) -> Json:
        """The answer, or Refused or Away."""
        answer = self._exchange(ask, headers, max(within_s, AT_LEAST_S))
        content = _content(answer.data)
        if answer.status in FAULTS:
            raise Away(f"{answer.status} {content.get('reason', '')}")
        if answer.status >= 400:
            raise Refused(answer.status, content)
        return content

    def _exchange(
        self, ask: Ask, headers: Mapping[str, str], within_s: float
    ) -> urllib3.BaseHTTPResponse:
        timeout = urllib3.Timeout(total=within_s, connect=min(CONNECT_WITHIN_S, within_s))
        sent = dict(headers)
        body = None if ask.body is None else orjson.dumps(ask.body)
        if body is not None:
            sent["Content-Type"] = "application/json"
        if ask.key:
            sent["Idempotency-Key"] = ask.key
        request = partial(
            self._pool.request, ask.method, self._url + ask.target,
            body=body, headers=sent, timeout=timeout,
        )  # fmt: skip
        try:
            return _patiently(request) if ask.may_be_sent_again else request()
        except (urllib3.exceptions.HTTPError, OSError) as problem:
            raise Away(type(problem).__name__) from problem


def _patiently(request: Callable[[], urllib3.BaseHTTPResponse]) -> urllib3.BaseHTTPResponse:
    """Again when a kept connection was shut at its other end just then: a replica was replaced."""
    try:
        return request()
    except (urllib3.exceptions.ProtocolError, urllib3.exceptions.SSLError):
        return request()


def _content(data: bytes) -> Json:
    try:
        read = orjson.loads(data) if data else {}
    except orjson.JSONDecodeError as problem:  # something else answers at this address
        raise Away("not JSON") from problem
    return read if isinstance(read, dict) else {"value": read}


# Gives the access token to use, in place of one that the gateway no longer takes.
Bearer: TypeAlias = Callable[[str], str]


class Api:
    """The API for one page: who asks, in which trace, until when."""

    def __init__(
        self,
        gateway: Gateway,
        bearer: Bearer,
        headers: Mapping[str, str],
        within_s: float,
    ) -> None:
        self._gateway = gateway
        self._bearer = bearer
        self._headers = headers
        self._deadline = time.monotonic() + within_s

    def get(self, path: str, **query: object) -> Json:
        return self.send(asking(path, **query))

    def post(self, path: str, body: Json | None = None, *, key: str = "") -> Json:
        return self.send(Ask("POST", path, body=body or {}, key=key))

    def patch(self, path: str, body: Json, **query: object) -> Json:
        return self.send(Ask("PATCH", path, query, body=body))

    def delete(self, path: str) -> Json:
        return self.send(Ask("DELETE", path))

    def together(self, *asks: Ask) -> list[Json]:
        """All answers, asked side by side, in the order of the questions."""
        if len(asks) == 1:
            return [self.send(asks[0])]
        waiting = [
            self._gateway.threads.submit(copy_context().run, self.send, each) for each in asks
        ]
        return [each.result() for each in waiting]

    def all(self, path: str, items: str, begun: Json | None = None, **query: object) -> list[Json]:
        """Every item of a list that is known to be short enough for one page of ours.

        `begun`: its first page, if that was asked for beside others, with `pageSize=ALL_AT_ONCE`.
        """
        return list(self._pages(path, items, begun, query))

    def _pages(self, path: str, items: str, begun: Json | None, query: Query) -> Iterable[Json]:
        token = ""
        for _ in range(PAGES_AT_MOST):
            answer = begun or self.get(path, **query, pageSize=ALL_AT_ONCE, pageToken=token)
            yield from answer.get(items, [])
            token, begun = answer.get("nextPageToken", ""), None
            if not token:
                return

    def send(self, ask: Ask) -> Json:
        """The answer; with a new token when the one at hand has ended meanwhile."""
        token = self._bearer("")
        try:
            return self._send(ask, token)
        except Refused as refused:
            if refused.status != UNAUTHENTICATED or not token:
                raise
        return self._send(ask, self._bearer(token))

    def _send(self, ask: Ask, token: str) -> Json:
        headers = dict(self._headers)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self._gateway.send(ask, headers, self._deadline - time.monotonic())
