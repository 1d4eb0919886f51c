"""The piece of a text around the words that were looked for, and where in it they are: plain text and numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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


def marked(text: str, wanted: Collection[str]) -> Marked:
    """A short text whole, with the words of these stems in it."""
    text = clean(text)
    return Marked(text, [place for place, stem in _words(text) if stem in wanted])


def snippet(text: str, wanted: Collection[str]) -> Marked:
    """Of a long text the run of words with most different stems of these; its beginning when there are none."""
    text = clean(text)[:LONGEST_READ]
    words = _words(text)
    if not words:
        return Marked("", [])
    first = _best_start(words, wanted)
    run = words[first : first + SNIPPET_WORDS]
    start, end = run[0][0][0], min(run[-1][0][1], run[0][0][0] + LONGEST)
    before, after = CUT if first else "", CUT if end < len(text.rstrip()) - 1 else ""
    shift = len(before) - start
    ranges = [(a + shift, b + shift) for (a, b), stem in run if stem in wanted and b <= end]
    return Marked(f"{before}{text[start:end]}{after}", ranges)


def _best_start(words: Sequence[tuple[Range, str]], wanted: Collection[str]) -> int:
    """A little before the words found, so that they stand in their sentence."""
    found = [place for place, (_, stem) in enumerate(words) if stem in wanted]
    best, most = 0, 0
    for place in found:
        run = words[place : place + SNIPPET_WORDS * 3 // 4]
        different = len({stem for _, stem in run if stem in wanted})
        if different > most:
            best, most = place, different
    return max(min(best - SNIPPET_WORDS // 4, len(words) - SNIPPET_WORDS), 0)


def _words(text: str) -> list[tuple[Range, str]]:
    ranges = [word.span() for word in WORD.finditer(text)]
    return list(zip(ranges, map(stem_of, WORD.findall(text)), strict=True))
