"""Looking at a long text through small windows: what it says in passing is lost in one vector of all of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.matching.text.encoder import Vectors
from services.matching.text.terms import clean

SIZES = (3, 6, 10)  # in words
BEST = 3
# Texts that have nothing to do with each other come out at about this much, those of one meaning near 1.
FLOOR = {"all-MiniLM-L6-v2": 0.1, "wordllama-l2-supercat-256": 0.1}


def windows(text: str, sizes: Sequence[int] = SIZES) -> list[str]:
    """The text itself, then each run of so many words, half overlapping; each once, in their order."""
    words = clean(text).split()
    found = [" ".join(words)]
    for size in sizes:
        step = max(size // 2, 1)
        last = max(len(words) - size, 0)
        starts = [*range(0, last, step), last]
        found += [" ".join(words[start : start + size]) for start in starts]
    return list(dict.fromkeys(found))


def on_scale(products: Vectors, encoder: str) -> Vectors:
    """0 to 1, the same on every corpus: fixed for an encoder, so that a score of today compares with tomorrow's."""
    floor = FLOOR[encoder.partition("/")[0]]
    return np.asarray(np.clip((products - floor) / (1 - floor), 0, 1), np.float32)


def likeness(wanted: Vectors, offered: Vectors, encoder: str) -> float:
    """0 to 1: the three things wanted that are best met, each by what is offered nearest to it.

    Rows are windows of two texts, or labels, by the encoder of this name.
    """
    if not len(wanted) or not len(offered):
        return 0.0
    nearest = (wanted @ offered.T).max(axis=1)
    best = np.sort(nearest)[-BEST:]
    return float(on_scale(best, encoder).mean())


def text_fit(dense: float | None, lexical: float) -> float:
    """0 to 1: three quarters by meaning, one by words; by words alone where there is no encoder.

    Fitted on development data; ranks added up instead lost a sixth against meaning alone.
    """
    return lexical if dense is None else 0.75 * dense + 0.25 * lexical
