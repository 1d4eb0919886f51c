"""Full text in memory: SQLite's FTS5 with English stems, titles weighing most."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches

from interchange.opportunities.v1.notices_pb2 import Notice

COLUMNS = ("title", "body", "themes", "skills", "organisation")
WEIGHTS = (8.0, 1.0, 4.0, 4.0, 2.0)
WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 16
# Words that say nothing on what somebody looks for.
SMALL = frozenset(
    {
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "in",
        "is",
        "it",
        "of",
        "on",
        "or",
        "our",
        "the",
        "to",
        "we",
        "with",
    }
)
# Of a word that nobody wrote to the stem of one that somebody did.
LIKENESS = 0.72
SHORTEST_MISSPELT = 4
SNIPPET_WORDS = 24


@dataclass(frozen=True, slots=True)
class Found:
    """The words that were looked for in the end, and each number's relevance."""

    words: Sequence[str]
    scores: Mapping[int, float]


class Words:
    """Texts by number. One user at a time."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        columns = ", ".join(COLUMNS)
        self._database.execute(
            f"CREATE VIRTUAL TABLE texts USING fts5({columns}, tokenize='porter unicode61', prefix='2 3')"
        )
        self._database.execute("CREATE VIRTUAL TABLE vocabulary USING fts5vocab(texts, row)")
        weights = ", ".join(str(weight) for weight in WEIGHTS)
        self._search = f"SELECT rowid, -bm25(texts, {weights}) FROM texts WHERE texts MATCH ?"  # noqa: S608

    def put(self, number: int, notice: Notice) -> None:
        """Index a notice under a number that has no text."""
        values = (
            notice.title,
            notice.body,
            " ".join(notice.themes),
            " ".join(notice.skills),
            notice.organisation_display_name,
        )
        self._database.execute(
            "INSERT INTO texts(rowid, title, body, themes, skills, organisation) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (number, *values),
        )

    def drop(self, number: int) -> None:
        self._database.execute("DELETE FROM texts WHERE rowid = ?", (number,))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Many changes at a fifth of the cost."""
        self._database.execute("BEGIN")
        try:
            yield
        finally:
            self._database.execute("COMMIT")

    def find(self, query: str) -> Found:
        """Numbers with all the words, else with any of them; each with its relevance, more is better.

        Any text is a query: nothing in it is an operator. A word that nobody wrote is read as the
        one most like it. No words at all: nothing is found.
        """
        words = words_of(query)
        if not words:
            return Found((), {})
        scores = self._match(words, " AND ")
        if not scores:
            words = [self._nearest(word) for word in words]
            scores = self._match(words, " AND ") or self._match(words, " OR ")
        return Found(words, scores)

    def alike(self, text: str, most: int) -> list[int]:
        """The numbers whose texts share most with this one, best first."""
        words = words_of(text)
        if not words:
            return []
        ranked = f"{self._search} ORDER BY rank LIMIT ?"
        rows = self._database.execute(ranked, (_expression(words, " OR "), most))
        return [number for number, _ in rows]

    def snippets(self, found: Found, numbers: Iterable[int]) -> Mapping[int, str]:
        """Of each text the piece around the words found, without marks."""
        wanted = list(numbers)
        if not found.words or not wanted:
            return {}
        holes = ", ".join("?" * len(wanted))
        rows = self._database.execute(
            f"SELECT rowid, snippet(texts, 1, '', '', '…', {SNIPPET_WORDS}) "  # noqa: S608
            f"FROM texts WHERE texts MATCH ? AND rowid IN ({holes})",
            (_expression(found.words, " OR "), *wanted),
        )
        return dict(rows.fetchall())

    def close(self) -> None:
        self._database.close()

    def _match(self, words: Sequence[str], joint: str) -> dict[int, float]:
        return dict(self._database.execute(self._search, (_expression(words, joint),)).fetchall())

    def _nearest(self, word: str) -> str:
        """The indexed word most like this one that begins as it does; itself when nothing is like it.

        Numbers, codes and very short words are meant as they are.
        """
        if len(word) < SHORTEST_MISSPELT or not word.isalpha():
            return word
        rows = self._database.execute(
            "SELECT term FROM vocabulary WHERE term >= ? AND term < ?",
            (word[0], chr(ord(word[0]) + 1)),
        )
        near = get_close_matches(word, [term for (term,) in rows], n=1, cutoff=LIKENESS)
        return near[0] if near else word


def words_of(text: str) -> list[str]:
    """The words to look for: without small ones, unless there are no others."""
    words = list(dict.fromkeys(WORD.findall(unicodedata.normalize("NFKC", text).lower())))[
        :MOST_WORDS
    ]
    return [word for word in words if word not in SMALL] or words


def _expression(words: Iterable[str], joint: str) -> str:
    # Letters and digits in quotes: nothing that FTS5 could take for an operator.
    return joint.join(f'"{word}"*' for word in words)
