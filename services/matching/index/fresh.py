"""A notice that is not in the index's files yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from interchange.common.v1.types_pb2 import Place
from interchange.opportunities.v1.notices_pb2 import Notice
from tantivy import Document

from services.matching.index.schema import VALUES, WEIGHTS, WORDS, terms_of


@dataclass(frozen=True, slots=True)
class Fresh:
    """A notice, where it is, and by field its terms."""

    notice: Notice
    place: Place
    terms: Mapping[str, Collection[str]]

    @classmethod
    def of(cls, document: Document, notice: Notice, place: Place) -> Fresh:
        return cls(
            notice,
            place,
            {field: terms_of(document, field) for field in (*VALUES, *WEIGHTS, WORDS)},
        )
