"""What came in over HTTP, as the door reads it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Request

from chassis.errors import InvalidArgument
from chassis.proxies import TrustedProxies
from gateway import errors
from gateway.answers import JSON


class Asked:
    """One request. Reads the WSGI environment itself: Werkzeug's way to a header costs ten times as much."""

    __slots__ = ("_environ", "method", "path")

    def __init__(self, request: Request) -> None:
        self._environ: Mapping[str, Any] = request.environ
        self.method = "GET" if request.method == "HEAD" else request.method
        self.path = request.path

    def header(self, name: str) -> str:
        """A header by its name in WSGI, such as `IF_MATCH`; empty when it was not sent."""
        value: str = self._environ.get("HTTP_" + name, "")
        return value

    def has(self, name: str) -> bool:
        """Whether a header was sent, be it empty."""
        return "HTTP_" + name in self._environ

    @property
    def query(self) -> str:
        value: str = self._environ.get("QUERY_STRING", "")
        return value

    @property
    def target(self) -> str:
        """Path and query exactly as they were sent: a signature covers them so."""
        sent: str = self._environ.get("RAW_URI") or self._environ.get("REQUEST_URI") or self.path
        _, is_whole, rest = sent.partition("://")  # a proxy may have been sent the whole URI
        return "/" + rest.partition("/")[2] if is_whole and not sent.startswith("/") else sent

    def field(self, name: str) -> str:
        """A header by its name on the wire, such as `content-digest`; empty when it was not sent."""
        key = name.upper().replace("-", "_")
        own: str = self._environ.get(key, "") if key == "CONTENT_TYPE" else ""
        return own or self.header(key)

    @property
    def language(self) -> str:
        """What problems are told in: Welsh for who wants it rather than English."""
        return _preferred(self.header("ACCEPT_LANGUAGE"))

    def address(self, proxies: TrustedProxies) -> str:
        """Who is at the other end, as far as our own proxies know."""
        remote: str = self._environ.get("REMOTE_ADDR", "")
        return proxies.client(remote, self.header("X_FORWARDED_FOR"))

    def body(self, limit: int) -> bytes:
        """The JSON that was sent. BodyTooLarge, NotJson or InvalidArgument BROKEN_BODY."""
        body = self._read(limit)
        kind: str = self._environ.get("CONTENT_TYPE", "")
        if body and kind.partition(";")[0].strip().lower() != JSON:
            raise errors.NotJson()
        if self.header("CONTENT_ENCODING") not in ("", "identity"):
            raise errors.NotJson("send the body without Content-Encoding")
        return body

    def raw(self, limit: int) -> bytes:
        """Whatever was sent, unread. BodyTooLarge or InvalidArgument BROKEN_BODY."""
        return self._read(limit)

    def _read(self, limit: int) -> bytes:
        """All of the body. Read here, for Werkzeug cuts a body in chunks off at the limit and says nothing."""
        length = self._length()
        if length is not None and length > limit:
            raise errors.BodyTooLarge(limit)
        try:
            body: bytes = self._environ["wsgi.input"].read(limit + 1 if length is None else length)
        except (
            Exception
        ) as problem:  # each server has errors of its own for a body that it can't follow
            raise InvalidArgument("BROKEN_BODY", "the body broke off") from problem
        if len(body) > limit:
            raise errors.BodyTooLarge(limit)
        if length is not None and len(body) < length:
            raise InvalidArgument("BROKEN_BODY", "the body broke off")
        return body

    def _length(self) -> int | None:
        """What the header says; None for a body in chunks, whose end the server knows."""
        given: str = self._environ.get("CONTENT_LENGTH", "")
        if given.isdecimal():
            return int(given)
        return None if self._environ.get("wsgi.input_terminated") and self._is_chunked() else 0

    def _is_chunked(self) -> bool:
        return "chunked" in self.header("TRANSFER_ENCODING").lower()


@lru_cache(maxsize=256)
def _preferred(header: str) -> str:
    wanted = {errors.WELSH: 0.0, errors.ENGLISH: 0.0}
    for each in header.lower().split(",")[:20]:
        tag, _, weight = each.partition(";")
        language = tag.strip().partition("-")[0]
        if language in wanted:
            wanted[language] = max(wanted[language], _weight(weight))
    return errors.WELSH if wanted[errors.WELSH] > wanted[errors.ENGLISH] else errors.ENGLISH


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0
