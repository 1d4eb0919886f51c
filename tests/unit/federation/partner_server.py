"""A partner's doors on loopback: a real HTTP server before an origin in memory, which can be told to misbehave."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from services.federation.protocol.requests import verify_request
from tests.unit.federation.origins import AT, Origin

Reply = tuple[int, bytes]


@dataclass
class PartnerServer:
    """Answers as the origin would, with what it was asked."""

    origin: Origin
    public: bytes  # of who may ask
    url: str = ""
    relays: dict[str, Origin] = field(default_factory=dict)  # others, as this one was told of them
    knows: list[Any] = field(default_factory=list)  # heads that it shows in hello
    asked: list[str] = field(default_factory=list)
    hellos: list[Any] = field(default_factory=list)
    pokes: list[Any] = field(default_factory=list)
    limit: int = 1000
    least: int = 1
    is_away: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    clock: Callable[[], datetime] = lambda: AT
    misbehave: Callable[[str], Reply | None] = lambda _: None

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
        target = handler.path
        self.asked.append(target)
        if self.is_away:
            return 503, b"{}"
        verify_request(
            handler.command,
            handler.headers["Host"],
            self.url + target,
            dict(handler.headers.items()),
            body,
            lambda _: self.public,
            self.clock(),
            lambda _: False,
        )
        return self.misbehave(target) or self._answer(target, body)

    def _answer(self, target: str, body: bytes) -> Reply:
        parts = urlsplit(target)
        asked = parts.path.rpartition("/")
        query = dict(parse_qsl(parts.query))
        if parts.path.endswith("/hello"):
            self.hellos.append(orjson.loads(body))
            return 200, orjson.dumps(
                {"cursors": [], **({"known": self.knows} if self.knows else {})}
            )
        if parts.path.endswith("/poke"):
            self.pokes.append(orjson.loads(body))
            return 202, b"{}"
        if parts.path == "/.well-known/interchange-region":
            return 200, self.origin.signed_document
        if "/relay/" in target:
            return self._relay(parts.path.split("/")[-2], query)
        if asked[2] != self.origin.channel:
            return 404, orjson.dumps({"reason": "NO_SUCH_CHANNEL", "detail": ""})
        if "/snapshot/" in target:
            return 200, self.origin.snapshot(int(query.get("after", 0)), self.limit)
        return self._feed(query)

    def _relay(self, region: str, query: dict[str, str]) -> Reply:
        told, after = self.relays.get(region), int(query["after"])
        if told is None or int(query["epoch"]) != told.epoch:
            return 404, orjson.dumps({"reason": "NOT_HERE", "detail": ""})
        return 200, told.page(after, min(int(query["limit"]), self.limit))

    def _feed(self, query: dict[str, str]) -> Reply:
        after = int(query["after"])
        if int(query["epoch"]) not in (0, self.origin.epoch):
            return 409, orjson.dumps({"reason": "EPOCH", "detail": ""})
        if after + 1 < self.least:
            return 410, orjson.dumps({"reason": "BELOW_MIN", "detail": ""})
        limit = min(int(query["limit"]), self.limit)
        return 200, self.origin.page(after, limit, least=self.least)


@contextmanager
def serving(server: PartnerServer) -> Iterator[PartnerServer]:
    """On a free port, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            status, body = server.answer(self, self.rfile.read(length))
            self.send_response(status)
            extra = dict(server.headers)
            if (
                "gzip" in self.headers.get("Accept-Encoding", "")
                and "Content-Encoding" not in extra
            ):
                body, extra["Content-Encoding"] = gzip.compress(body, 1), "gzip"
            for name, value in {"Content-Length": str(len(body)), **extra}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
