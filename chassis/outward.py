"""Connections out into the world: never to an address inside our own network, and cut when their time is over."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, Retry, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

CONNECT_S = 5.0


class PrivateAddress(NewConnectionError):
    """The host name stands for an address that is not out in the world."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's: not ours, not the machine's, not a metadata service's."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_global and not parsed.is_multicast


class _Guarded:
    """Looks the name up once, refuses it when any of its addresses is private, connects to what it looked at."""

    admits_private = False

    def _new_conn(self: Any) -> socket.socket:
        found = self._addresses()
        private = [address for address in found if not is_public(address)]
        if private and not self.admits_private:
            raise PrivateAddress(self, f"{self.host} is {private[0]}, a private address")
        problem: OSError | None = None
        for address in found:
            try:
                return _connected(address, self.port)
            except OSError as failure:
                problem = failure
        raise NewConnectionError(self, f"no connection: {problem}") from problem

    def _addresses(self: Any) -> list[str]:
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError as problem:
            raise NewConnectionError(self, f"no address: {problem}") from problem
        return list(dict.fromkeys(str(each[4][0]) for each in found))


def _connected(address: str, port: int) -> socket.socket:
    made = socket.create_connection((address, port), CONNECT_S)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


class _SecureConnection(_Guarded, HTTPSConnection):
    pass


class _PlainConnection(_Guarded, HTTPConnection):
    pass


class _Watched:
    """A pool that knows its connections, so that one can be cut while somebody waits for it."""

    def __init__(self: Any, *args: Any, admits_private: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._admits_private = admits_private
        self._made: WeakSet[Any] = WeakSet()

    def _new_conn(self: Any) -> Any:
        made = super()._new_conn()  # type: ignore[misc]  # the pool's
        made.admits_private = self._admits_private
        self._made.add(made)
        return made

    def cut(self: Any) -> None:
        """End what is under way."""
        for connection in list(self._made):
            with suppress(OSError, AttributeError):  # not connected, or not any more
                connection.sock.shutdown(socket.SHUT_RDWR)


class SecurePool(_Watched, HTTPSConnectionPool):
    """Connections by TLS to one host."""

    ConnectionCls = _SecureConnection


class PlainPool(_Watched, HTTPConnectionPool):
    """Connections to one host without TLS: development only."""

    ConnectionCls = _PlainConnection


Pool = SecurePool | PlainPool


class BadAddress(Exception):
    """Nobody is asked at such an address. `reason` is NOT_OF_THE_WEB or NOT_HTTPS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def pool_to(url: str, *, on_loopback: bool) -> Pool:
    """A pool of one connection to the host of an address; `on_loopback`: also a private one, and without TLS."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
        raise BadAddress("NOT_OF_THE_WEB")
    if parts.scheme == "http" and not on_loopback:
        raise BadAddress("NOT_HTTPS")
    kind = SecurePool if parts.scheme == "https" else PlainPool
    return kind(parts.hostname, parts.port, maxsize=1, block=True, admits_private=on_loopback)


@contextmanager
def asking(
    pool: Pool,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes | str = b"",
    *,
    connect_s: float = CONNECT_S,
    silence_s: float,
    total_s: float,
) -> Iterator[BaseHTTPResponse]:
    """An answer to read, as it was sent: once, without redirects, and within its time.

    `silence_s` is the longest wait for the next byte. That says nothing about all of them: after
    `total_s` the connection is cut, also under whoever drips.
    """
    deadline = Timer(total_s, pool.cut)
    deadline.daemon = True
    deadline.start()
    try:
        yield pool.urlopen(
            method,
            target,
            body or None,
            headers,
            retries=Retry(False),
            redirect=False,
            timeout=Timeout(connect=connect_s, read=silence_s),
            preload_content=False,
            decode_content=False,
        )
    finally:
        deadline.cancel()
