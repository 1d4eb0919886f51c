"""Some of the notices, in the two ways in which they are asked for."""

from __future__ import annotations

from dataclasses import dataclass

from pyroaring import BitMap
from tantivy import Query

from services.matching.index.queries import any_of, but_not, every


@dataclass(frozen=True, slots=True)
class Those:
    """The same ones as a query of the engine, which ranks, and as a set of rows, which is counted.

    What the sets show to change nothing is left out of the query, which takes half of the time then:
    most of what may be seen is open to all, has not ended and comes from nobody that is hidden.
    """

    query: Query
    rows: BitMap

    def __and__(self, other: Those) -> Those:
        if self.rows <= other.rows:
            return self
        if other.rows <= self.rows:
            return other
        return Those(every((self.query, other.query)), self.rows & other.rows)

    def __or__(self, other: Those) -> Those:
        if self.rows <= other.rows:
            return other
        if other.rows <= self.rows:
            return self
        return Those(any_of((self.query, other.query)), self.rows | other.rows)

    def __sub__(self, other: Those) -> Those:
        if self.rows.isdisjoint(other.rows):
            return self
        return Those(but_not(self.query, other.query), self.rows - other.rows)
