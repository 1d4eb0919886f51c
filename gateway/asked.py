"""What came in over HTTP, as the door reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from chassis.errors import InvalidArgument
from gateway import errors
from gateway.answers import JSON


class Asked:
    """One request. Reads the WSGI environment itself: Werkzeug's way to a header costs ten times as much."""

    __slots__ = ("_environ", "_request", "method", "path")

    def __init__(self, request: Request) -> None:
        self._request = request
        self._environ: Mapping[str, Any] = request.environ
        self.method = "GET" if request.method == "HEAD" else request.method
        self.path = request.path

    def header(self, name: str) -> str:
        """A header by its name in WSGI, such as `IF_MATCH`; empty when it was not sent."""
        value: str = self._environ.get("HTTP_" + name, "")
        return value

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
        """The JSON that was sent. BodyTooLarge, NotJson or InvalidArgument."""
        try:
            body = self._request.get_data(cache=False)
        except RequestEntityTooLarge as problem:
            raise errors.BodyTooLarge(limit) from problem
        except (HTTPException, OSError) as problem:
            raise InvalidArgument("BROKEN_BODY", "the body broke off") from problem
        if body and self._request.mimetype != JSON:
            raise errors.NotJson()
        if self.header("CONTENT_ENCODING") not in ("", "identity"):
            raise errors.NotJson("send the body without Content-Encoding")
        return body
