"""A proxy in front of a region: it hands on every byte and keeps a copy, cuts, or swallows."""

from __future__ import annotations

import re
import select
import socket
import zlib
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from threading import Lock, Thread
from types import TracebackType
from typing import Self

CHUNK = 65_536
GZIP = b"\x1f\x8b\x08"
BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")


class Mode(Enum):
    """What becomes of bytes."""

    PASS = "pass"
    CUT = "cut"  # connections are reset, new ones refused
    SWALLOW = "swallow"  # connections stand, nothing arrives


class Proxy:
    """`with Proxy(port) as proxy:`; proxy.url, proxy.cut(), proxy.swallow(), proxy.mend(), proxy.texts()."""

    def __init__(self, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self._lock = Lock()
        self._mode = Mode.PASS
        self._open: set[socket.socket] = set()
        self._seen: list[bytearray] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """As a cable does."""
        self._become(Mode.CUT)

    def swallow(self) -> None:
        """As a firewall does that says nothing."""
        self._become(Mode.SWALLOW)

    def mend(self) -> None:
        """Hand on again. What was under way is lost."""
        self._become(Mode.PASS)

    def lead_to(self, host: str, port: int) -> None:
        """New connections go there from now on; those that stand go on."""
        self._target = (host, port)

    def _become(self, mode: Mode) -> None:
        with self._lock:
            self._mode = mode
            connections = list(self._open) if mode is not Mode.SWALLOW else []
        for each in connections:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def texts(self) -> Iterator[bytes]:
        """Everything that crossed, as it was; what was packed or encoded also as it was before that."""
        with self._lock:
            raw = [bytes(each) for each in self._seen]
        for stream in raw:
            yield from _layers(stream)

    @property
    def size(self) -> int:
        """Bytes that crossed."""
        with self._lock:
            return sum(map(len, self._seen))

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        if self._mode is Mode.CUT:
            client.close()
            return
        try:
            server = socket.create_connection(self._target, timeout=5)
        except OSError:
            client.close()
            return
        there, back = bytearray(), bytearray()
        for each in (client, server):  # as proxies do: else a request in two parts waits 40 ms
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, server:
            with self._lock:
                self._open |= {client, server}
                self._seen += [there, back]
            with suppress(OSError):
                self._pump(client, server, there, back)
            with self._lock:
                self._open -= {client, server}

    def _pump(
        self, client: socket.socket, server: socket.socket, there: bytearray, back: bytearray
    ) -> None:
        ways = {client: (server, there), server: (client, back)}
        while True:
            for ready in select.select([client, server], [], [], 1.0)[0]:
                data = ready.recv(CHUNK)
                if not data or self._mode is Mode.CUT:
                    return
                other, seen = ways[ready]
                if self._mode is Mode.PASS:
                    with self._lock:
                        seen += data
                    other.sendall(data)

    def __enter__(self) -> Self:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        _: type[BaseException] | None,
        __: BaseException | None,
        ___: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()


def _layers(stream: bytes) -> Iterator[bytes]:
    for layer in (stream, *_unpacked(stream)):
        yield layer
        yield b"\n".join(_decoded(layer))


def _unpacked(stream: bytes) -> Iterator[bytes]:
    start = stream.find(GZIP)
    while start >= 0:
        with suppress(zlib.error):
            yield zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(stream[start:])
        start = stream.find(GZIP, start + 1)


def _decoded(layer: bytes) -> Iterator[bytes]:
    for found in BASE64.findall(layer):
        with suppress(NotBase64, ValueError):
            yield b64decode(found + b"=" * (-len(found) % 4))
