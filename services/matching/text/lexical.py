"""How much of what one text says in words another says, too: BM25 as a share of what the text scores itself.

Okapi BM25 (Robertson and Zaragoza 2009) over word stems and over letter trigrams. Divided by the
query's score against itself it is 0 to 1 whatever the corpus and the query, so that it can be added
to other terms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

from services.matching.text.terms import pieces_of, stems_of

# Usual values. What repeats a word gains little, what is long loses some.
SATURATION, LENGTH = 1.2, 0.75
# Of trigrams in the sum: words decide, pieces save what is misspelt or inflected otherwise.
PIECES_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Terms:
    """One way to cut texts into terms, and how rare each is in a corpus."""

    cut: Callable[[str], list[str]]
    documents: int
    frequencies: Mapping[str, int]
    mean_length: float

    @classmethod
    def of(cls, cut: Callable[[str], list[str]], texts: Iterable[str]) -> Terms:
        frequencies: Counter[str] = Counter()
        documents = length = 0
        for text in texts:
            terms = cut(text)
            frequencies.update(set(terms))
            documents, length = documents + 1, length + len(terms)
        return cls(cut, documents, frequencies, length / documents if documents else 0.0)

    def rarity(self, term: str) -> float:
        """Inverse document frequency, always positive."""
        having = self.frequencies.get(term, 0)
        return log(1 + (self.documents - having + 0.5) / (having + 0.5))

    def bm25(self, query: Sequence[str], text: Sequence[str]) -> float:
        counts = Counter(text)
        longer = len(text) / self.mean_length if self.mean_length else 1.0
        damping = SATURATION * (1 - LENGTH + LENGTH * longer)
        return sum(
            self.rarity(term) * counts[term] * (SATURATION + 1) / (counts[term] + damping)
            for term in dict.fromkeys(query)
            if term in counts
        )

    def share(self, query: str, text: str) -> float:
        """0 to 1: BM25 of the text over that of the query itself; 0 for a query without terms."""
        terms = self.cut(query)
        most = self.bm25(terms, terms)
        return min(self.bm25(terms, self.cut(text)) / most, 1.0) if most else 0.0


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What a corpus says of its words and their pieces. Build it once, and now and then anew."""

    words: Terms
    pieces: Terms

    @classmethod
    def of(cls, texts: Sequence[str]) -> Lexicon:
        return cls(Terms.of(stems_of, texts), Terms.of(pieces_of, texts))

    def likeness(self, query: str, text: str) -> float:
        """0 to 1: how much of the query's words the text says. Not the same the other way around."""
        words, pieces = self.words.share(query, text), self.pieces.share(query, text)
        return (1 - PIECES_SHARE) * words + PIECES_SHARE * pieces
