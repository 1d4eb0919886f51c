"""Versions of a resource as etags, so that nobody overwrites what they have not seen."""

from __future__ import annotations

from chassis.errors import Aborted


def etag(version: int) -> str:
    """The version as an etag, with its quotes."""
    return f'"{version}"'


def check(given: str, version: int) -> None:
    """Refuse with Aborted STALE_ETAG when the caller saw another version; no etag: no check."""
    if given and given != etag(version):
        raise Aborted(
            "STALE_ETAG", "it has changed since you read it: read it again, then change it"
        )
