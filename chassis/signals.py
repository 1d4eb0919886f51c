"""How a program hears that it should end."""

from __future__ import annotations

import signal
from threading import Event

# A signal that the kernel gives to another thread wakes nobody: Python hears of it when the main thread runs next.
HEAR_EVERY_S = 1.0


def told_to_end() -> Event:
    """Set by SIGTERM and SIGINT. To be called in the main thread, which is to `wait` for it then."""
    told = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    return told


def wait(told: Event) -> None:
    """Until we are told."""
    while not told.wait(HEAR_EVERY_S):
        pass
