"""Counts: how many notices are found, and how many each further choice would leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from interchange.matching.v1 import matching_pb2 as pb
from tantivy import Query

from chassis.partner_regions import Regions
from services.matching.index.schema import ANY_GRADE, ORGANISATION_SHOWN
from services.matching.index.snapshot import Snapshot

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
# More than are shown: among equals at the edge it is the value that decides, not who was read first.
READ = 500
# An organisation's name comes with its display name.
READ_AS = {"organisation": ORGANISATION_SHOWN}
# Every notice has exactly one, and nobody chooses it: its counts add up to what is found.
OF_ALL = "visibility"


def count(
    snapshot: Snapshot,
    found_but: Callable[[str], Query],
    chosen: Mapping[str, Query],
    regions: Regions,
) -> tuple[list[pb.Facet], int]:
    """Of each field its values with counts, as if nothing of it were chosen: so one sees what another
    choice would give; and the number of all that is found. `found_but` is what is found when
    nothing is chosen of a field.
    """
    others = [each for each in COUNTED if each not in chosen]
    counts = dict(_read(snapshot, found_but(""), [OF_ALL, *others]))
    for field in chosen:
        counts.update(_read(snapshot, found_but(field), [field]))
    shown = [pb.Facet(field=each, values=_values(each, counts[each], regions)) for each in COUNTED]
    return shown, sum(counts[OF_ALL].values())


def _read(
    snapshot: Snapshot, found: Query, fields: list[str]
) -> Iterator[tuple[str, Mapping[str, int]]]:
    columns = [READ_AS.get(field, field) for field in fields]
    values = snapshot.values(found, columns, READ)
    return ((field, values[column]) for field, column in zip(fields, columns, strict=True))


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
    plain = value.replace("_", " ").replace("-", " ").lower()
    label = regions.display_name(value) if field == "region" else plain
    return pb.FacetValue(value=value, label=label, count=count)
