"""A request in work: what its call knows, and what is said when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from chassis.auth import Call, current
from chassis.errors import Error, Internal, hidden

log = structlog.get_logger(__name__)


@contextmanager
def in_work(call: Call) -> Iterator[None]:
    """Calls to services know whose work they are, its deadline and its trace."""
    reset = current.set(call)
    try:
        yield
    finally:
        current.reset(reset)


def understood(problem: Exception, route: str) -> Error:
    """What happened, in our words. What nobody foresaw is logged, and hidden from the caller."""
    if isinstance(problem, Error) and not isinstance(problem, Internal):
        return problem
    log.error("request_failed", route=route, exc_info=problem)
    return problem if isinstance(problem, Error) else hidden()
