"""What goes back over HTTP, before Flask dresses it."""

from __future__ import annotations

from dataclasses import dataclass, field

JSON = "application/json"


@dataclass(slots=True)
class Answer:
    """Status, body and the headers that belong to just this answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
