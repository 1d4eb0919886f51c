"""Which skills a text is about.

A skill's score is DENSE times its nearness in meaning to the piece of text that is nearest to it,
plus LEXICAL times the share of its label that is said, plus SAID where one of its labels of two words
or more stands in the text whole. The numbers were fitted on the validation parts of public
development data (docs/adr); scores are the same on every corpus, so that they compare between texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from interchange.matching.v1 import skills_pb2

from services.matching.skills.books import Books
from services.matching.skills.concept import Concept
from services.matching.skills.lexical import Scores
from services.matching.skills.terms import tokens
from services.matching.text.encoder import Encoder, StaticVectors
from services.matching.text.windows import windows

Quality = skills_pb2.ProposeSkillsResponse.Quality

DENSE = 0.8
LEXICAL = 0.2
SAID = 0.2
# Pieces of a text that are looked at: so many take a third of a second. Of longer texts evenly chosen ones.
MOST_PIECES = 160
RETIRED = 2  # as many again are looked at, in case some are retired


@dataclass(frozen=True, slots=True)
class Found:
    """A skill that a text is about: how much, 0 to 1, and the piece of text that said so."""

    concept: Concept
    score: float
    evidence: str


def propose(books: Books, encoder: Encoder | None, text: str, size: int) -> list[Found]:
    """Best first; of equals the earlier id. Retired skills are not proposed."""
    pieces = thinned(windows(text))
    said = books.said_in(text)
    scores, best = books.labels.score(text), None
    if encoder is not None and books.meanings is not None:
        products = encoder.encode(pieces) @ books.meanings.T
        scores, best = DENSE * products.max(axis=0) + LEXICAL * scores, products.argmax(axis=0)
    for number in said:
        scores[number] += SAID
    in_use = (n for n in _order(scores, size * RETIRED) if not books.concepts[n].retire_time)
    return [
        Found(books.concepts[n], _bounded(scores[n]), _evidence(n, said, best, pieces))
        for n in islice(in_use, size)
    ]


def search(books: Books, encoder: Encoder | None, query: str, size: int) -> list[Concept]:
    """Those in which every word begins as one that was typed, the shortest first; then those of its meaning."""
    typed = tokens(query)
    sets = [books.beginning(word) for word in typed]
    begun = set.intersection(*sets) if sets else set()
    named = [books.concepts[n] for n in begun if not books.concepts[n].retire_time]
    named.sort(key=lambda each: (len(each.label), each.id))
    meant = [] if len(named) >= size else propose(books, encoder, query, size)
    found = dict.fromkeys([*named, *(each.concept for each in meant)])
    return list(islice(found, size))


def quality_of(books: Books, encoder: Encoder | None) -> Quality.ValueType:
    """How well answers can be with what there is."""
    if encoder is None or books.meanings is None:
        return Quality.WORDS_ONLY
    return Quality.STATIC_VECTORS if isinstance(encoder, StaticVectors) else Quality.ENCODER


def _evidence(
    number: int, said: Mapping[int, str], best: Scores | None, pieces: Sequence[str]
) -> str:
    if number in said:
        return said[number]
    return pieces[0] if best is None else pieces[int(best[number])]


def _order(scores: Scores, most: int) -> Iterable[int]:
    """The best numbers with a score, best first, equal ones by number."""
    most = min(most, len(scores))
    some = np.argpartition(-scores, most - 1)[:most].tolist() if most else []
    return (int(each) for each in sorted(some, key=lambda n: (-scores[n], n)) if scores[each] > 0)


def _bounded(score: float) -> float:
    return float(min(max(score, 0.0), 1.0))


def thinned(pieces: Sequence[str]) -> Sequence[str]:
    """At most `MOST_PIECES` of them, from beginning to end."""
    if len(pieces) <= MOST_PIECES:
        return pieces
    places = np.linspace(0, len(pieces) - 1, MOST_PIECES).astype(int)
    return [pieces[place] for place in dict.fromkeys(places.tolist())]
