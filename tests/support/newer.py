"""A region that runs a later version of the protocol: a small real partner that serves what it is given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from chassis.clock import now
from services.federation.protocol.document import (
    KeyInfo,
    RegionDocument,
    SealingInfo,
    sign_document,
)
from services.federation.protocol.entry import GENESIS, Entry, Op, Protected, seal_entry
from services.federation.protocol.head import Head, join_page, sign_head
from services.federation.protocol.keys import RootKey, SigningKey, fingerprint

REGION = "wales"
NATIONAL = "national"
KEPT_DAYS = 30


class NewerRegion:
    """`with NewerRegion() as wales:`; wales.document, wales.fingerprint, wales.say("interchange.notice.v1", …)."""

    def __init__(self) -> None:
        self._root, self._key = RootKey.generate(), SigningKey.generate("wales-1")
        self._entries: list[Entry] = []
        region = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._send(*region._answer(self.path))

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._send(200, b"{}")

            def _send(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def fingerprint(self) -> str:
        return fingerprint(self._root.public)

    @property
    def document(self) -> bytes:
        """What its operator sends. It understands more than we know of."""
        sealing = X25519PrivateKey.from_private_bytes(self._key.private).public_key()
        at = now()
        return sign_document(
            RegionDocument(
                region=REGION,
                display_name="Wales",
                url=self.url,
                version=1,
                root_public=self._root.public,
                keys=(KeyInfo(self._key.kid, self._key.public, at, at.replace(year=at.year + 1)),),
                sealing=(SealingInfo(self._key.kid, sealing.public_bytes_raw()),),
                majors={"interchange.notice": (1, 2), "interchange.dragon": (1,)},
            ),
            self._root,
        )

    def say(
        self, kind: str, schema: str, subject: str, content: Mapping[str, Any], op: str = Op.PUT
    ) -> None:
        """The next entry of its log."""
        said = Protected(
            origin=REGION,
            channel=NATIONAL,
            epoch=1,
            seq=len(self._entries) + 1,
            prev=self._entries[-1].hash if self._entries else GENESIS,
            op=op,
            type=kind,
            subject=subject,
            time=now(),
            dataschema=schema,
        )
        self._entries.append(seal_entry(said, json.dumps(content).encode(), self._key))

    def _answer(self, target: str) -> tuple[int, bytes]:
        parts = urlsplit(target)
        if parts.path == "/.well-known/interchange-region":
            return 200, self.document
        if parts.path != f"/federation/v1/feed/{NATIONAL}":
            return 404, b'{"reason": "NO_SUCH_CHANNEL"}'
        after = int(parse_qs(parts.query)["after"][0])
        lines = [each.line() for each in self._entries[after:]]
        return 200, join_page(lines, sign_head(self._head(), self._key))

    def _head(self) -> Head:
        newest = self._entries[-1].hash if self._entries else GENESIS
        return Head(REGION, NATIONAL, 1, len(self._entries), newest, 1, now(), self._key.kid)

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        _: type[BaseException] | None,
        __: BaseException | None,
        ___: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
