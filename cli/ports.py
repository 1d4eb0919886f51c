"""Free ports on loopback, and waiting until something listens."""

from __future__ import annotations

import socket
import time


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
