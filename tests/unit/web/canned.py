"""A gateway that says what it was told to say, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import orjson

ME: dict[str, Any] = {
    "name": "people/0198f6c2-0000-7000-8000-000000000001",
    "displayName": "Mia Many",
    "organisation": "organisations/1",
    "manages": [],
    "roles": [],
    "secondFactor": "NOT_NEEDED",
}
TOKENS = {"accessToken": "a", "refreshToken": "r", "expiresIn": 600}


class Canned:
    """Answers by method and path; everybody who signs in is `me`."""

    def __init__(self) -> None:
        self.me = dict(ME)
        self.answers: dict[str, Any] = {"GET /v1/regions/current": {"displayName": "East"}}
        self.refused: set[str] = set()  # paths that say 401
        self.asked: list[tuple[str, Any]] = []
        self.queries: dict[str, dict[str, str]] = {}  # of each path the last

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        what = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.queries[environ["PATH_INFO"]] = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        self.asked.append((what, orjson.loads(raw) if raw else None))
        known = {"POST /v1/sessions": TOKENS, "GET /v1/me": self.me, **self.answers}
        if environ["PATH_INFO"] in self.refused:
            return _say(start, "401 Unauthorized", {"reason": "TOKEN_REVOKED"})
        if what not in known:
            return _say(start, "404 Not Found", {"reason": "NOT_CANNED", "detail": what})
        return _say(start, "200 OK", known[what])


def _say(start: StartResponse, status: str, content: Any) -> list[bytes]:
    start(status, [("Content-Type", "application/json")])
    return [orjson.dumps(content)]


class Quiet(WSGIRequestHandler):
    """Without a line on standard error for each request."""

    def log_message(self, format: str, *args: Any) -> None:  # the base's name
        return


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """The address at which a WSGI application answers."""
    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
