"""Free ports on loopback, and waiting until something listens."""

from __future__ import annotations

import secrets
import socket
import time
from collections import deque

# Below those that systems give to the calling side of connections.
PORTS = range(20_000, 32_000)
# Long enough for whoever asked to listen there; few enough to be open at once.
KEPT = 200

_kept: deque[socket.socket] = deque(maxlen=KEPT)


def free_port() -> int:
    """A port that nobody listens on just now, and that nobody else is given here for a while.

    Between the asking and the listening others may ask, in other processes too: who was given a TCP port
    keeps the UDP port of the same number, which nobody uses, as a sign.
    """
    while True:
        port = secrets.choice(PORTS)
        sign = socket.socket(type=socket.SOCK_DGRAM)
        try:
            sign.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            sign.close()
        else:
            _kept.append(sign)
            return port


def is_listening(port: int) -> bool:
    """Whether somebody accepts connections on loopback."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for_port(port: int, *, within_s: float) -> bool:
    """Whether somebody listens before the time is over."""
    deadline = time.monotonic() + within_s
    while not is_listening(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
