"""Text as people look for it: without case and accents, the same on every database."""

from __future__ import annotations

import unicodedata

# Enough to tell names apart, and short enough for a page token whatever letters they are in.
SORTED_BY = 50


def folded(text: str) -> str:
    """`Café Siân` as `cafe sian`."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()


def sort_key(text: str) -> str:
    """What a listing is ordered by."""
    return folded(text)[:SORTED_BY]
