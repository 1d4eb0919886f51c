"""Welsh changes the beginning of a word by what stands before it: the forms that one word may have."""

from __future__ import annotations

from collections.abc import Iterator

# The plain beginning, then its soft, nasal and aspirate mutation.
BEGINNINGS = (
    ("c", "g", "ngh", "ch"),
    ("p", "b", "mh", "ph"),
    ("t", "d", "nh", "th"),
    ("g", "", "ng"),
    ("b", "f", "m"),
    ("d", "dd", "n"),
    ("ll", "l"),
    ("m", "f"),
    ("rh", "r"),
)
SHORTEST = 3  # with two letters it would mostly be another word


def forms(word: str) -> Iterator[str]:
    """Other forms of this word, were it Welsh; most of them are no words at all."""
    if len(word) < SHORTEST:
        return
    for row in BEGINNINGS:
        for beginning in row:
            if word.startswith(beginning):
                rest = word[len(beginning) :]
                yield from (other + rest for other in row if other != beginning)
