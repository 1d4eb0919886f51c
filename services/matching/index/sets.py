"""Which notices have a value, say a word and lie in a span of time: as sets, in memory.

The engine finds the best by their words, and knows nothing cheaper of all the others than one by one.
Sets of rows are combined and counted a thousand rows at a time, however many notices there are.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap
from tantivy import DocAddress, Document, Order, Query, Searcher

from services.matching.index.schema import (
    MOMENTS,
    NEVER,
    ORGANISATION_SHOWN,
    PLACE,
    SAID,
    VALUES,
    schema,
    terms_of,
)

# Fields of which each term has its set.
FIELDS = (*VALUES, ORGANISATION_SHOWN, PLACE, SAID)
# Fields of many terms, of which each notice has a few.
MANIFOLD = ("theme", "skill", ORGANISATION_SHOWN)
NUMBERS = ("id", *MOMENTS)
FIRST_ROWS = 1024
NOBODY = np.zeros(0, np.uint32)
NO_TERM = ""
Room = TypeVar("Room", NDArray[np.int64], NDArray[np.int32])
# So many rows are kept of what is gone before all are read anew, and twice as many as are there.
MOST_GONE = 10_000


class Rows:
    """Each notice that was put in has a row, each later self of it another: what a row says never changes.

    One thread writes; whoever reads looks at a `Sets` of a moment, to which later rows don't belong.
    """

    def __init__(self) -> None:
        self.having: dict[str, dict[str, BitMap]] = {field: defaultdict(BitMap) for field in FIELDS}
        self.uses: dict[str, Uses] = {field: Uses() for field in MANIFOLD}
        self.numbers: NDArray[np.int64] = np.zeros((len(NUMBERS), FIRST_ROWS), np.int64)
        self._count = 0
        self._there = BitMap()
        self._newest: dict[int, int] = {}  # the row of a notice's number
        self._older: dict[int, int] = {}  # the row of its older self

    def __len__(self) -> int:
        """How many are kept, also of what is gone."""
        return self._count

    @classmethod
    def read(cls, searcher: Searcher) -> Rows:
        """All that an index has, term by term: some microseconds for each use of a word."""
        rows = cls()
        count = int(searcher.num_docs)
        hits = _by_number(searcher, Query.all_query(), count)
        ids = np.array([number for number, _ in hits], np.int64)
        kept = [address for _, address in hits]
        rows.numbers = _with_room(rows.numbers, count)
        for place, field in enumerate(NUMBERS):
            values = searcher.fast_field_values(field, kept)
            rows.numbers[place, :count] = [0 if value is None else value for value in values]
        for field, sets in rows.having.items():
            for term, having in searcher.terms_with_prefix(field, ""):
                query = Query.term_query(schema(), field, term, "basic")
                found = [number for number, _ in _by_number(searcher, query, having)]
                sets[term] = _set_of(np.searchsorted(ids, found))
        for field, uses in rows.uses.items():
            uses.read(rows.having[field], count)
        rows._count, rows._there = count, BitMap(range(count))
        rows._newest = {number: row for row, number in enumerate(ids.tolist())}
        return rows

    def __contains__(self, number: int) -> bool:
        """Whether there is, or was, a notice with this number."""
        return number in self._newest

    def put(self, document: Document) -> None:
        """Another row; the notice's row until now is no longer there."""
        row, self._count = self._count, self._count + 1
        self.numbers = _with_room(self.numbers, self._count)
        self.numbers[:, row] = [document.get_first(field) or 0 for field in NUMBERS]
        for field in FIELDS:
            terms = terms_of(document, field)
            for term in terms:
                self.having[field][term].add(row)
            if field in self.uses:
                self.uses[field].put(row, terms)
        number = int(self.numbers[0, row])
        self.drop(number)
        if number in self._newest:
            self._older[row] = self._newest[number]
        self._newest[number] = row
        self._there.add(row)

    def drop(self, number: int) -> None:
        if number in self._newest:
            self._there.discard(self._newest[number])

    def are_stale(self) -> bool:
        """Whether more is kept of what is gone than of what is there."""
        there = len(self._there)
        return self._count - there > max(there, MOST_GONE)

    def now(self) -> Sets:
        return Sets(self, self._there.copy())

    def numbered(self, numbers: Iterable[int], there: BitMap) -> dict[int, int]:
        """By the numbers of those of these that have one among those rows their rows, in the same order."""
        found = {}
        for number in numbers:
            row = self._newest.get(number)
            while row is not None and row not in there:
                row = self._older.get(row)
            if row is not None:
                found[number] = row
        return found


class Uses:
    """Which terms of one field each row has: a few rows are counted sooner by them than by who has each of many terms.

    Terms have numbers. The first of each row are in the first column, the second in the second, and so on.
    """

    def __init__(self) -> None:
        self._numbers = {NO_TERM: 0}
        self._columns = [np.zeros(FIRST_ROWS, np.int32)]

    def read(self, having: Mapping[str, BitMap], count: int) -> None:
        """Anew, of so many rows."""
        self._numbers = {term: number for number, term in enumerate((NO_TERM, *having))}
        rows = np.concatenate([NOBODY, *map(_rows_of, having.values())])
        terms = np.repeat(np.arange(1, len(having) + 1), [len(each) for each in having.values()])
        order = np.argsort(rows, kind="stable")
        rows, terms = rows[order], terms[order]
        places = np.arange(len(rows)) - np.searchsorted(rows, rows)
        self._columns = [np.zeros(count, np.int32) for _ in range(places.max(initial=0) + 1)]
        for place, column in enumerate(self._columns):
            column[rows[places == place]] = terms[places == place]

    def put(self, row: int, terms: Collection[str]) -> None:
        """Of the row after all that are there."""
        numbers = [self._numbers.setdefault(term, len(self._numbers)) for term in set(terms)]
        self._columns += [np.zeros(row + 1, np.int32) for _ in numbers[len(self._columns) :]]
        self._columns = [_with_room(column, row + 1) for column in self._columns]
        for column, number in zip(self._columns, numbers, strict=False):
            column[row] = number

    def counts(self, rows: NDArray[np.uint32]) -> Mapping[str, int]:
        """Of the terms that some of these have how many do."""
        columns, terms = self._columns, list(self._numbers)
        found = np.sum(
            [np.bincount(column[rows], minlength=len(terms)) for column in columns], axis=0
        )
        numbers = np.flatnonzero(found)
        its = zip(numbers.tolist(), found[numbers].tolist(), strict=True)
        return {terms[number]: count for number, count in its if number}


@dataclass(frozen=True, slots=True)
class Sets:
    """What was there at one moment. Every set that it gives is of rows that were."""

    rows: Rows
    there: BitMap

    def having(self, field: str, terms: Iterable[str]) -> BitMap:
        """Those with any of the terms."""
        known = self.rows.having[field]
        return self.there & BitMap.union(
            BitMap(), *(known[term] for term in terms if term in known)
        )

    def between(self, field: str, first: int, last: int) -> BitMap:
        """Those whose moment is not before the first and not after the last."""
        moments = self.rows.numbers[NUMBERS.index(field), : len(self.rows)]
        outside = moments < first
        if last < NEVER:
            outside |= moments > last
        places = np.flatnonzero(outside)
        return self.there - _set_of(places) if len(places) else self.there

    def numbered(self, numbers: Iterable[int]) -> dict[int, int]:
        """By the numbers of those of these that are there their rows, in the same order."""
        return self.rows.numbered(numbers, self.there)

    def counts(self, field: str, among: BitMap) -> Mapping[str, int]:
        """The terms of a field that some of these have, with how many do."""
        if field in self.rows.uses:
            return self.rows.uses[field].counts(_rows_of(among))
        every = list(self.rows.having[field].items())  # at once: others are added meanwhile
        count_of = among.intersection_cardinality
        return {term: count for term, rows in every if (count := count_of(rows))}

    def terms(self, field: str) -> Collection[str]:
        return list(self.rows.having[field])

    def numbers(self, rows: BitMap, field: str = "id") -> NDArray[np.int64]:
        """Of each of these rows, in their order, the notice's number or one of its moments."""
        found: NDArray[np.int64] = self.rows.numbers[NUMBERS.index(field), _rows_of(rows)]
        return found

    def newest(self, rows: BitMap, most: int) -> list[int]:
        """Numbers of those of these that were published last."""
        latest = np.argsort(-self.numbers(rows, "published"), kind="stable")[:most]
        newest: list[int] = self.numbers(rows)[latest].tolist()
        return newest


def set_of_all(sets: Sequence[BitMap]) -> BitMap:
    """What is in each of them; nothing, when there is none."""
    return BitMap.intersection(*sets) if sets else BitMap()


def set_of_any(sets: Sequence[BitMap]) -> BitMap:
    return BitMap.union(*sets) if sets else BitMap()


def _by_number(searcher: Searcher, query: Query, most: int) -> list[tuple[int, DocAddress]]:
    if not most:
        return []
    found = searcher.search(query, most, count=False, order_by_field="id", order=Order.Asc)
    return list(found.hits)


def _with_room(numbers: Room, count: int) -> Room:
    """Room for so many, in the last direction. Whoever reads has the old ones, which hold all that they know of."""
    room = numbers.shape[-1]
    if count <= room:
        return numbers
    more = max(count - room, room // 2)
    return np.pad(numbers, [(0, 0)] * (numbers.ndim - 1) + [(0, more)])


def _rows_of(those: BitMap) -> NDArray[np.uint32]:
    return np.frombuffer(those.to_array(), np.uint32)


def _set_of(rows: NDArray[np.intp]) -> BitMap:
    return BitMap(
        array("I", rows.astype(np.uint32).tobytes())
    )  # twenty times as fast as from numpy's
