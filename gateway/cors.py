"""Which front ends of other origins may call from a browser. Tokens travel in a header, so there are no cookies."""

from __future__ import annotations

from collections.abc import Mapping

ANY = "*"
ALLOWED_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, traceparent"
)
EXPOSED_HEADERS = "ETag, Idempotent-Replayed, Link, Location, Retry-After, Trace-Id"
REMEMBERED_S = 600


class Cors:
    """The allow-list."""

    def __init__(self, origins: str) -> None:
        self._origins = frozenset(each.strip() for each in origins.split(",") if each.strip())

    @property
    def is_on(self) -> bool:
        return bool(self._origins)

    def headers(self, origin: str) -> Mapping[str, str]:
        """What an answer to this origin carries; nothing for one that is not on the list."""
        if not self._allows(origin):
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": EXPOSED_HEADERS,
        }

    def preflight(self, origin: str, allowed: str) -> dict[str, str]:
        """What a browser wants to know before it sends: `allowed` are the path's methods."""
        if not self._allows(origin):
            return {}
        return {
            "Access-Control-Allow-Methods": allowed,
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": str(REMEMBERED_S),
        }

    def _allows(self, origin: str) -> bool:
        return bool(origin) and (origin in self._origins or ANY in self._origins)
