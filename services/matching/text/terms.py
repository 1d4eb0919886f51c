"""The terms of a text, the same wherever texts are compared: stems of words, and pieces of them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

LONGEST = 40  # of a word in letters; nobody looks for a longer one
PIECE = 3
WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 16
MOST_CHARACTERS = 5_000
STEMS_KEPT = 50_000  # most of the words that notices use, with their stems
# Words that say nothing on what somebody looks for, in English and in Welsh.
SMALL = frozenset(
    """a an and are as at be by for from in is it of on or our the to we with
    am ar ein gan i mewn neu o sydd y yn yr""".split()
)


class Readable(dict[int, str]):
    """Of each character the one to read instead of it. Each is looked up in Unicode's tables once."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        found = " " if unicodedata.category(letter).startswith("C") else letter
        # Those that are not assigned would fill it for whoever sends them all.
        if len(self) < MOST_CHARACTERS:
            self[code] = found
        return found


READABLE = Readable()


def plain_words() -> TextAnalyzerBuilder:
    """Words in small letters, without accents."""
    words = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(LONGEST))
    return words.filter(Filter.lowercase()).filter(Filter.ascii_fold())


@cache
def stems() -> TextAnalyzer:
    """The same as stems."""
    return plain_words().filter(Filter.stemmer("English")).build()


def clean(text: str) -> str:
    """The text as it reads: without control characters and marks of direction, letters in their usual form."""
    return unicodedata.normalize("NFKC", text).translate(READABLE)


def stems_of(text: str) -> list[str]:
    return stems().analyze(clean(text))


@lru_cache(STEMS_KEPT)
def stem_of(word: str) -> str:
    """A single word's stem; empty for one that is too long to be any."""
    return next(iter(stems_of(word)), "")


def pieces_of(text: str) -> list[str]:
    """Each word's runs of three letters, with its beginning and end: misspelt words share most of them."""
    words = WORD.findall(clean(text).casefold())
    return [f" {word} "[start : start + PIECE] for word in words for start in range(len(word))]


def words_of(text: str) -> list[str]:
    """The words to look for, each once: without small ones, unless there are no others."""
    words = list(dict.fromkeys(WORD.findall(clean(text).casefold())))[:MOST_WORDS]
    return [word for word in words if word not in SMALL] or words
