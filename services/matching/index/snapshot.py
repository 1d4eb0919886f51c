"""The index as it was at one commit: what can be read from it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cache, cached_property
from itertools import count
from math import log
from typing import cast

from interchange.common.v1.types_pb2 import Place
from interchange.opportunities.v1.notices_pb2 import Notice
from pyroaring import BitMap
from tantivy import DocAddress, Document, Query, Searcher

from services.matching.distance import Point, point
from services.matching.index import queries
from services.matching.index.fresh import Fresh
from services.matching.index.schema import NEVER, PLACE, WORDS
from services.matching.index.sets import Sets
from services.matching.index.those import Those

# Begun at the time of the start: a token of the process before means none of ours.
_stamps = count(time.time_ns())


class Snapshot:
    """It never changes: who holds one gets the same answers from it, whatever is committed meanwhile."""

    def __init__(
        self, searcher: Searcher, sets: Sets, fresh: Mapping[int, Fresh] | None = None
    ) -> None:
        """All of the same moment. `fresh`, by number: in the sets, and not yet where the searcher looks."""
        self._searcher = searcher
        self.sets = sets
        self.fresh = fresh or {}
        self.stamp = next(_stamps)

    def __len__(self) -> int:
        return int(self._searcher.num_docs) + len(self.fresh)

    @property
    def all(self) -> Those:
        return Those(Query.all_query(), self.sets.there)

    def having(self, field: str, values: Collection[str]) -> Those:
        """Those that have any of the values."""
        return Those(queries.having(field, values), self.sets.having(field, values))

    def numbered(self, numbers: Sequence[int]) -> Those:
        """Those with these numbers."""
        rows = BitMap(self.sets.numbered(numbers).values())
        return Those(queries.numbered(numbers), rows)

    def between(self, field: str, first: int = -NEVER, last: int = NEVER) -> Those:
        """Those whose moment is not before the first and not after the last."""
        return Those(queries.between(field, first, last), self.sets.between(field, first, last))

    def best(self, query: Query, most: int) -> dict[int, float]:
        """Numbers of the best by the query's score, best first, each with it; of fresh ones none."""
        hits = self._searcher.search(query, most, count=False).hits
        ids = self._ids([address for _, address in hits])
        return dict(zip(ids, (score for score, _ in hits), strict=True))

    @cached_property
    def places(self) -> Mapping[str, Point]:
        """Every place there is a notice at."""
        return {key: _point(key) for key in self.sets.terms(PLACE)}

    def rarity(self, field: str, term: str) -> float:
        """Inverse document frequency as BM25 has it; 0 for a term that is nowhere."""
        having = self._frequency(field, term)
        return log(1 + (len(self) - having + 0.5) / (having + 0.5)) if having else 0.0

    def knows(self, field: str, term: str) -> bool:
        return bool(self._frequency(field, term))

    def _frequency(self, field: str, term: str) -> int:
        """In how many notices a field has the term."""
        fresh = sum(term in each.terms[field] for each in self.fresh.values())
        return int(self._searcher.doc_freq(field, term)) + fresh

    def words_like(self, prefix: str, most: int) -> list[tuple[str, int]]:
        """Words as they were written, small and without accents, that begin so; how many notices have them."""
        words = Counter(dict(self._searcher.terms_with_prefix(WORDS, prefix, limit=most)))
        for each in self.fresh.values():
            words.update(word for word in each.terms[WORDS] if word.startswith(prefix))
        return list(words.items())[:most]

    def find(self, ids: Sequence[int]) -> dict[int, tuple[Notice, Place]]:
        """The notices with these numbers, and where they are; those that are not there are left out."""
        fresh = {number: self.fresh[number] for number in ids if number in self.fresh}
        kept = [number for number in ids if number not in fresh]
        found = self._addresses(queries.numbered(kept), len(kept))
        return {
            **{number: self._read(address) for number, address in found},
            **{number: (each.notice, each.place) for number, each in fresh.items()},
        }

    def numbers(self, query: Query, most: int) -> list[int]:
        """Numbers of what is found, in no order."""
        return [number for number, _ in self._addresses(query, most)]

    def _addresses(self, query: Query, most: int) -> list[tuple[int, DocAddress]]:
        """By number: whoever asks for a field's order has nothing weighed, which is half of the time."""
        if not most:
            return []
        return list(self._searcher.search(query, most, count=False, order_by_field="id").hits)

    def _ids(self, addresses: list[DocAddress]) -> list[int]:
        return cast("list[int]", self._searcher.fast_field_values("id", addresses))

    def digests(self) -> dict[int, bytes]:
        """Of every notice the hash of the text that stands for it, in the order in which they are kept.

        So each block of them is unpacked once.
        """
        hits = self._searcher.search(Query.all_query(), max(len(self), 1), count=False).hits
        kept = [address for _, address in hits]
        digests = (_stored(self._searcher.doc(address), "digest") for address in kept)
        return dict(zip(self._ids(kept), digests, strict=True))

    def _read(self, address: DocAddress) -> tuple[Notice, Place]:
        document = self._searcher.doc(address)
        notice, place = _stored(document, "notice"), _stored(document, "where")
        return Notice.FromString(notice), Place.FromString(place)


@cache
def _point(key: str) -> Point:
    latitude, longitude = map(float, key.split(","))
    return point(latitude, longitude)


def _stored(document: Document, field: str) -> bytes:
    return bytes(cast(bytes, document.get_first(field)))
