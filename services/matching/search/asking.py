"""What somebody looks for: their words, each as the index knows it, and what they may have meant instead."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import ceil

from pyroaring import BitMap
from tantivy import Occur, Query

from services.matching.index.fresh import Fresh
from services.matching.index.queries import any_of, every, more_for, term
from services.matching.index.schema import PIECES, SAID, TITLE, WEIGHTS
from services.matching.index.snapshot import Snapshot
from services.matching.search import welsh
from services.matching.text.terms import pieces_of, stems_of, words_of

# Of a word that nobody wrote to one that somebody did.
LIKENESS = 0.72
SHORTEST_MISSPELT = 4
SHORTEST_BEGINNING = 3
MOST_ENDINGS = 20
MOST_LIKE = 20_000  # words of one first letter that are looked at
# What a word's pieces count beside the word itself, and how many of them there must be.
PIECES_WEIGHT, PIECES_NEEDED, FEWEST_PIECES = 0.3, 0.6, 2


@dataclass(frozen=True, slots=True)
class Word:
    """A word that was asked for, and the stems that will do for it; none: only its pieces."""

    asked: str
    stems: Sequence[str]
    meant: str  # as it is spelt where it was found; what was asked, when it is there or nothing like it


@dataclass(frozen=True, slots=True)
class Asked:
    """A query's words. Of no words there is nothing to find."""

    words: Sequence[Word]

    @property
    def did_you_mean(self) -> str:
        """The query as it was probably meant; empty when every word of it is somewhere."""
        if all(word.meant == word.asked for word in self.words):
            return ""
        return " ".join(word.meant for word in self.words)

    @property
    def stems(self) -> frozenset[str]:
        """What to mark in what is found."""
        return frozenset(stem for word in self.words for stem in word.stems)

    def all_words(self) -> Query:
        """What stands in a title stands in the text, too: titles needn't be looked through for who says it."""
        if not self.words:
            return self.any_word()
        titles = (term(TITLE, stem, WEIGHTS[TITLE]) for word in self.words for stem in word.stems)
        return more_for(every(map(_text_query, self.words)), titles)

    def any_word(self) -> Query:
        return any_of(map(_word_query, self.words))

    def sets(self, snapshot: Snapshot) -> Sequence[BitMap]:
        """For each word the notices that say it."""
        return [_said(snapshot, word) for word in self.words]

    def most(self, snapshot: Snapshot) -> float:
        """What a notice of usual length scores that says each word once in its title."""
        return sum(_most(snapshot, word) for word in self.words)

    def score(self, snapshot: Snapshot, fresh: Fresh) -> float:
        """What a notice of usual length scores that says each word once where this one does."""
        return sum(_once(snapshot, word, fresh.terms) for word in self.words)


def understand(snapshot: Snapshot, query: str) -> Asked:
    """Any text is a query: nothing in it is an operator."""
    return Asked([_understood(snapshot, word) for word in words_of(query)])


def _understood(snapshot: Snapshot, word: str) -> Word:
    """As it is; else as the beginning of words, as another form of a Welsh one, as another spelling."""
    stems = [stem for stem in stems_of(word) if snapshot.knows("text", stem)]
    if stems:
        return Word(word, stems, word)
    plain = _plain(word)
    forms = list(_endings(snapshot, plain)) or list(_mutations(snapshot, plain))
    if forms:
        return Word(
            word, list(dict.fromkeys(stem for form in forms for stem in stems_of(form))), word
        )
    nearest = _nearest(snapshot, plain)
    return Word(word, stems_of(nearest) if nearest else [], nearest or word)


def _endings(snapshot: Snapshot, word: str) -> Iterator[str]:
    if len(word) >= SHORTEST_BEGINNING:
        yield from (found for found, _ in snapshot.words_like(word, MOST_ENDINGS))


def _mutations(snapshot: Snapshot, word: str) -> Iterator[str]:
    yield from (form for form in welsh.forms(word) if snapshot.knows("words", form))


def _nearest(snapshot: Snapshot, word: str) -> str:
    """The word somebody wrote that is most like it and begins as it does; empty when there is none.

    Numbers, codes and very short words are meant as they are.
    """
    if len(word) < SHORTEST_MISSPELT or not word.isalpha():
        return ""
    pieces = set(pieces_of(word))
    like = [
        known
        for known, _ in snapshot.words_like(word[0], MOST_LIKE)
        if abs(len(known) - len(word)) < 3 and len(pieces & set(pieces_of(known))) > 1
    ]
    return next(iter(get_close_matches(word, like, n=1, cutoff=LIKENESS)), "")


def _word_query(word: Word) -> Query:
    forms = [term(field, stem, weight) for stem in word.stems for field, weight in WEIGHTS.items()]
    return any_of(forms) if forms else _pieces_query(word.asked)


def _text_query(word: Word) -> Query:
    if not word.stems:
        return _pieces_query(word.asked)
    return any_of(term(SAID, stem, WEIGHTS[SAID]) for stem in word.stems)


def _said(snapshot: Snapshot, word: Word) -> BitMap:
    if word.stems:
        return snapshot.sets.having(SAID, word.stems)
    found = snapshot.numbers(_pieces_query(word.asked), max(len(snapshot), 1))
    return BitMap(snapshot.sets.numbered(found).values())


def _pieces_query(word: str) -> Query:
    """Titles and labels in which most of its pieces are: of a word that is nowhere."""
    plain = _plain(word)
    pieces = [plain[start : start + 3] for start in range(len(plain) - 2)]
    needed = max(ceil(len(pieces) * PIECES_NEEDED), FEWEST_PIECES)
    return _some_of([term(PIECES, piece, PIECES_WEIGHT) for piece in pieces], needed)


def _some_of(queries: Sequence[Query], needed: int) -> Query:
    if len(queries) < needed:
        return Query.empty_query()
    return Query.boolean_query([(Occur.Should, each) for each in queries], needed)


def _most(snapshot: Snapshot, word: Word) -> float:
    """The best of its forms; of a word that is nowhere as much as a rare one."""
    everywhere = dict.fromkeys(WEIGHTS, word.stems)
    return _once(snapshot, word, everywhere) or sum(WEIGHTS.values()) * 10


def _once(snapshot: Snapshot, word: Word, said: Mapping[str, Collection[str]]) -> float:
    """The best of its forms, of each as much as saying it once in the fields in which it is said."""
    forms = [
        sum(
            weight * snapshot.rarity(field, stem)
            for field, weight in WEIGHTS.items()
            if stem in said[field]
        )
        for stem in word.stems
    ]
    return max(forms, default=0.0)


def _plain(word: str) -> str:
    """Without accents, as the index has it."""
    apart = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
