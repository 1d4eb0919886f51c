"""What mail servers answer, without the people they speak of."""

from __future__ import annotations

import re

LONGEST = 200
ADDRESS = re.compile(r"\S*@\S*")
MASK = "…"


def redacted(text: str, *personal: str) -> str:
    """Without addresses and without any word of `personal`, on one line, cut to a length that is kept."""
    masked = ADDRESS.sub(MASK, " ".join(text.split()))
    for word in _words(personal):
        masked = re.sub(rf"\b{re.escape(word)}\b", MASK, masked, flags=re.IGNORECASE)
    return masked[:LONGEST]


def _words(personal: tuple[str, ...]) -> list[str]:
    """Longest first: an address's local part before its pieces."""
    local = [each.partition("@")[0] for each in personal]
    pieces = [piece for each in local for piece in re.split(r"[\s._+-]+", each)]
    return sorted({each for each in [*local, *pieces] if len(each) > 1}, key=len, reverse=True)
