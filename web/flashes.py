"""What the next page says has been done."""

from __future__ import annotations

from web.api import Away
from web.asked import asked

KEPT = "told"


def tell(text: str) -> None:
    asked().data.setdefault(KEPT, []).append(text)
    asked().remember()


def told() -> list[str]:
    """What is to be said, once."""
    try:
        texts: list[str] = asked().data.pop(KEPT, [])
        if texts:
            asked().remember()
        return texts
    except Away:  # then at least the page is shown
        return []
