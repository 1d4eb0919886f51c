"""Waiting for what will be so, instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

LOOK_EVERY_S = 0.02


def eventually(
    claim: Callable[[], Result], timeout_s: float = 10.0, *, every_s: float = LOOK_EVERY_S
) -> Result:
    """What `claim` answers once it raises no AssertionError; its last one when the time is over."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return claim()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(every_s)


def while_it_moves(
    claim: Callable[[], Result], progress: Callable[[], object], *, still_s: float
) -> Result:
    """What `claim` answers once it raises no AssertionError; its last one when `progress` stands still so long.

    Looking may cost as much as what is waited for: as long as it took, nobody looks again.
    """
    seen, moved_at = progress(), time.monotonic()
    while True:
        began = time.monotonic()
        try:
            return claim()
        except AssertionError:
            before, seen = seen, progress()
            if seen != before:
                moved_at = time.monotonic()
            elif time.monotonic() > moved_at + still_s:
                raise
        time.sleep(max(time.monotonic() - began, LOOK_EVERY_S))
