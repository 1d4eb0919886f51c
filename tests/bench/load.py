"""A thin HTTP client on kept-alive connections: it should cost less than what it measures."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count

CONNECTIONS = 8
END = b"\r\n\r\n"
LENGTH = b"content-length:"
WITHIN_S = 30.0

Request = Callable[[int], bytes]


@dataclass(frozen=True)
class Rate:
    """What a stretch of load came to."""

    requests: int
    seconds: float
    refused: int

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def get(port: int, path: str, headers: str = "") -> Request:
    """The same GET each time."""
    wire = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n".encode()
    return lambda _: wire


def post(port: int, path: str, body: Callable[[int], bytes], headers: str = "") -> Request:
    """A POST with another body each time."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}Content-Type: application/json\r\n"

    def wire(number: int) -> bytes:
        content = body(number)
        return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content

    return wire


def press(port: int, request: Request, seconds: float, connections: int = CONNECTIONS) -> Rate:
    """As many as are answered in so many seconds, one at a time on each connection."""
    numbers = count()
    done = refused = 0
    started = time.monotonic()
    with opened(port, connections) as lines, selectors.DefaultSelector() as selector:
        for line in lines:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.send(request(next(numbers)))
        while time.monotonic() - started < seconds:
            for key, _ in selector.select(timeout=1):
                status = key.data.receive()
                if status is None:
                    continue
                done, refused = done + 1, refused + (status >= 300)
                key.data.send(request(next(numbers)))
        elapsed = time.monotonic() - started
    return Rate(done, elapsed, refused)


class Line:
    """One connection and what of the answer has arrived."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._arrived = b""

    def send(self, wire: bytes) -> None:
        self._arrived = b""
        self.socket.sendall(wire)

    def receive(self) -> int | None:
        """The status, once the whole answer is there."""
        piece = self.socket.recv(262_144)
        if not piece:
            raise ConnectionError("the server hung up")
        self._arrived += piece
        head, found, body = self._arrived.partition(END)
        if not found or len(body) < _length(head):
            return None
        return int(head[9:12])

    @property
    def body(self) -> bytes:
        return self._arrived.partition(END)[2]


def ask(line: Line, wire: bytes) -> int:
    """One request on a line; its status."""
    line.send(wire)
    while (status := line.receive()) is None:
        pass
    return status


@contextmanager
def opened(port: int, connections: int) -> Iterator[list[Line]]:
    lines = [Line(port) for _ in range(connections)]
    try:
        yield lines
    finally:
        for line in lines:
            with suppress(OSError):
                line.socket.close()


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(LENGTH)
    if at < 0:
        return 0
    return int(lowered[at + len(LENGTH) :].split(b"\r\n", 1)[0])
