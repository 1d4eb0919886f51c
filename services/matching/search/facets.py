"""Counts: how many notices each further choice would leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from interchange.matching.v1 import matching_pb2 as pb

from services.matching.index import bits
from services.matching.index.catalogue import ANY_GRADE, Catalogue

COUNTED = (
    "kind",
    "format",
    "theme",
    "skill",
    "sector",
    "grade_band",
    "organisation",
    "attendance",
)
MOST_VALUES = 50


def count(catalogue: Catalogue, found: int, passing: Mapping[str, int]) -> Iterator[pb.Facet]:
    """Of each field its values with counts. `found` passes all but `passing`, the sets of the counted filters.

    A field is counted as if its own filter were not set: so one sees what another choice would give.
    """
    for field in COUNTED:
        others = found
        for other, chosen in passing.items():
            if other != field:
                others &= chosen
        yield pb.Facet(field=field, values=_values(catalogue, field, others))


def _values(catalogue: Catalogue, field: str, among: int) -> list[pb.FacetValue]:
    every = catalogue.values(field)
    anyway = every.get(ANY_GRADE, 0) if field == "grade_band" else 0
    counts = {
        value: ((chosen | anyway) & among).bit_count()
        for value, chosen in every.items()
        if value != ANY_GRADE
    }
    ordered = sorted(((-number, value) for value, number in counts.items() if number))
    return [
        pb.FacetValue(value=value, label=_label(catalogue, field, value), count=-number)
        for number, value in ordered[:MOST_VALUES]
    ]


def _label(catalogue: Catalogue, field: str, value: str) -> str:
    """The organisation's name; other values say themselves."""
    if field != "organisation":
        return value.replace("_", " ").replace("-", " ").lower()
    number = bits.first(catalogue.values(field)[value])
    return str(catalogue.notices[number].organisation_display_name)
