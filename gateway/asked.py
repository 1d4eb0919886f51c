"""What came in over HTTP, as the door reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Request

from chassis.errors import InvalidArgument
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

    def address(self, proxies: int) -> str:
        """Who is at the other end, as far as our own proxies know: each adds whom it heard to a list."""
        remote: str = self._environ.get("REMOTE_ADDR", "")
        heard = [each.strip() for each in self.header("X_FORWARDED_FOR").split(",") if each.strip()]
        chain = [*heard, remote]
        return chain[-min(proxies + 1, len(chain))]

    def body(self, limit: int) -> bytes:
        """The JSON that was sent. BodyTooLarge, NotJson or InvalidArgument BROKEN_BODY."""
        body = self._read(limit)
        kind: str = self._environ.get("CONTENT_TYPE", "")
        if body and kind.partition(";")[0].strip().lower() != JSON:
            raise errors.NotJson()
        if self.header("CONTENT_ENCODING") not in ("", "identity"):
            raise errors.NotJson("send the body without Content-Encoding")
        return body

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
