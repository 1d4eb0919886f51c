"""The API's own description: the OpenAPI document, and a page to browse it."""

from __future__ import annotations

from collections.abc import Callable

from gateway.answers import Answer


def docs() -> dict[str, Callable[[], Answer]]:
    return {}
