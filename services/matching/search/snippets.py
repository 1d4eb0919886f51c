"""The piece of a text around the words that were looked for, and where in it they are: plain text and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.matching.text.terms import WORD, clean, stem_of

Range = tuple[int, int]  # of characters, the second not among them

SNIPPET_WORDS = 24
LONGEST_READ = 20_000  # characters
LONGEST = 300  # characters; one "word" may be longer than any page
CUT = "…"


@dataclass(frozen=True, slots=True)
class Marked:
    """A text, and the ranges in it that were looked for, in their order."""

    text: str
    ranges: Sequence[Range]


def marked(text: str, wanted: frozenset[str]) -> Marked:
    """A short text whole, with the words of these stems in it."""
    text = clean(text)
    words = WORD.finditer(text)
    return Marked(text, [word.span() for word in words if stem_of(word[0]) in wanted])


def snippet(text: str, wanted: frozenset[str]) -> Marked:
    """Of a long text the run of words with most different stems of these; its beginning when there are none."""
    text = clean(text)[:LONGEST_READ]
    words = list(WORD.finditer(text))
    if not words:
        return Marked("", [])
    stems = [stem_of(word[0]) for word in words]
    first = _best_start(stems, wanted)
    run = [word.span() for word in words[first : first + SNIPPET_WORDS]]
    start, end = run[0][0], min(run[-1][1], run[0][0] + LONGEST)
    before, after = CUT if first else "", CUT if end < len(text.rstrip()) - 1 else ""
    shift = len(before) - start
    its = zip(run, stems[first:], strict=False)
    ranges = [(a + shift, b + shift) for (a, b), stem in its if stem in wanted and b <= end]
    return Marked(f"{before}{text[start:end]}{after}", ranges)


def _best_start(stems: Sequence[str], wanted: frozenset[str]) -> int:
    """A little before the words found, so that they stand in their sentence."""
    best, most = 0, 0
    for place in (place for place, stem in enumerate(stems) if stem in wanted):
        different = len(wanted.intersection(stems[place : place + SNIPPET_WORDS * 3 // 4]))
        if different > most:
            best, most = place, different
    return max(min(best - SNIPPET_WORDS // 4, len(stems) - SNIPPET_WORDS), 0)
