"""Counts: how many notices are found, and how many each further choice would leave."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache

from interchange.matching.v1 import matching_pb2 as pb
from pyroaring import BitMap

from chassis.partner_regions import Regions
from services.matching.index.schema import ANY_GRADE, ORGANISATION_SHOWN
from services.matching.index.sets import Sets

COUNTED = (
    "kind",
    "format",
    "theme",
    "skill",
    "sector",
    "grade_band",
    "organisation",
    "attendance",
    "region",
)
MOST_VALUES = 50
LABELS_KEPT = 5_000
# An organisation's name comes with its display name.
READ_AS = {"organisation": ORGANISATION_SHOWN}


def count(
    sets: Sets, found_but: Callable[[str], BitMap], chosen: Collection[str], regions: Regions
) -> Iterator[pb.Facet]:
    """Of each field its values with counts, as if nothing of it were chosen: so one sees what another
    choice would give. `found_but` is what is found when nothing is chosen of a field.
    """
    found = found_but("")
    for field in COUNTED:
        among = found_but(field) if field in chosen else found
        counts = sets.counts(READ_AS.get(field, field), among)
        yield pb.Facet(field=field, values=_values(field, counts, regions))


def _values(field: str, counts: Mapping[str, int], regions: Regions) -> list[pb.FacetValue]:
    anyway = counts.get(ANY_GRADE, 0) if field == "grade_band" else 0
    ordered = sorted((-number, value) for value, number in counts.items() if value != ANY_GRADE)
    return [
        _value(field, value, anyway - number, regions) for number, value in ordered[:MOST_VALUES]
    ]


def _value(field: str, value: str, count: int, regions: Regions) -> pb.FacetValue:
    """With the organisation's or the region's name; other values say themselves."""
    if field == "organisation":
        value, _, label = value.partition("\t")
        return pb.FacetValue(value=value, label=label, count=count)
    label = regions.display_name(value) if field == "region" else _in_words(value)
    return pb.FacetValue(value=value, label=label, count=count)


@lru_cache(LABELS_KEPT)
def _in_words(value: str) -> str:
    return value.replace("_", " ").replace("-", " ").lower()
