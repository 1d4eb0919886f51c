"""Which release a program is of: what it answers to whoever asks for its health."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

HEADER = "interchange-release"  # of answers about health, in gRPC and HTTP alike


@cache
def release() -> str:
    """The version of the distribution that this program was started from."""
    return version("interchange")
