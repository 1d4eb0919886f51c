"""From a request to what the index is asked: who may see it, and what it must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_

from interchange.common.v1.types_pb2 import GradeBand, Place, Sector
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1 import notices_pb2
from pyroaring import BitMap

from chassis.auth import Principal
from chassis.convert import read_day
from chassis.errors import InvalidArgument
from chassis.partner_regions import Regions
from services.matching.distance import chord, chord_of, miles, point
from services.matching.index.schema import (
    ANY_GRADE,
    FIRST_DAY,
    LAST_DAY,
    PLACE,
    day_number,
)
from services.matching.index.snapshot import Snapshot
from services.matching.index.those import Those
from services.matching.policy import own_organisations

PUBLIC = ("REGION", "NETWORK")
REMOTE = ("REMOTE", "HYBRID")


@dataclass(frozen=True, slots=True)
class Filters:
    """What must be so of every notice found, and what was chosen of each field that is counted."""

    always: Those
    chosen: Mapping[str, Those]

    def passing(self) -> Those:
        """What passes all of them."""
        return reduce(and_, self.chosen.values(), self.always)

    def passing_but(self, field: str) -> BitMap:
        """What would pass if nothing were chosen of this field; what passes for an empty one."""
        others = (those.rows for name, those in self.chosen.items() if name != field)
        return BitMap.intersection(self.always.rows, *others)


def check(request: pb.SearchNoticesRequest) -> None:
    """Refuse filters that contradict each other, naming the field that would mend it."""
    if request.HasField("latitude") is not request.HasField("longitude"):
        missing = "longitude" if request.HasField("latitude") else "latitude"
        raise InvalidArgument("PLACE_INCOMPLETE", "goes with the other coordinate", field=missing)
    if not request.HasField("latitude"):
        _check_placeless(request)
    first = read_day(request.from_date, field="from_date")
    last = read_day(request.to_date, field="to_date")
    if first and last and last < first:
        raise InvalidArgument("TO_BEFORE_FROM", "must not be before the first day", field="to_date")


def _check_placeless(request: pb.SearchNoticesRequest) -> None:
    if request.sort == pb.NEAREST:
        raise InvalidArgument("PLACE_NEEDED", "must be given to sort by distance", field="latitude")
    if request.radius_miles:
        raise InvalidArgument(
            "PLACE_NEEDED", "must be given to search within a radius", field="latitude"
        )


def filters_of(
    snapshot: Snapshot,
    request: pb.SearchNoticesRequest,
    who: Principal,
    regions: Regions,
    *,
    at: datetime,
) -> Filters:
    may_be_seen = visible(snapshot, who, regions, at=at)
    always = reduce(and_, _uncounted(snapshot, request), may_be_seen)
    return Filters(always, dict(_chosen(snapshot, request)))


def visible(snapshot: Snapshot, who: Principal, regions: Regions, *, at: datetime) -> Those:
    """What this caller may see at all, and what has not ended, whether or not that was announced."""
    public = snapshot.having("visibility", PUBLIC)
    own = snapshot.having("organisation", sorted(own_organisations(who)))
    open_still = snapshot.between("closes", int(at.timestamp() * 1_000_000) + 1)
    hidden = snapshot.having("region", regions.hidden)
    return ((public | own) & open_still) - hidden


def _chosen(snapshot: Snapshot, request: pb.SearchNoticesRequest) -> Iterator[tuple[str, Those]]:
    """For each filter that is set and has counts, those that pass it."""
    wanted: dict[str, Sequence[str]] = {
        "kind": [notices_pb2.Kind.Name(each) for each in request.kind],
        "format": [notices_pb2.Format.Name(each) for each in request.format],
        "theme": [each.casefold() for each in request.theme],
        "skill": [each.casefold() for each in request.skill],
        "sector": [Sector.Name(each) for each in request.sector],
        "grade_band": [GradeBand.Name(each) for each in request.grade_band],
        "organisation": list(request.organisation),
        "region": list(request.region),
        "attendance": [notices_pb2.Attendance.Name(each) for each in request.attendance],
    }
    if wanted["grade_band"]:
        wanted["grade_band"] = [*wanted["grade_band"], ANY_GRADE]
    return ((field, snapshot.having(field, values)) for field, values in wanted.items() if values)


def _uncounted(snapshot: Snapshot, request: pb.SearchNoticesRequest) -> Iterator[Those]:
    """The filters without counts: remote, dates and distance."""
    if request.remote:
        yield snapshot.having("attendance", REMOTE)
    if request.from_date:
        yield snapshot.between("end", day_number(request.from_date, FIRST_DAY))
    if request.to_date:
        yield snapshot.between("start", last=day_number(request.to_date, LAST_DAY))
    if request.radius_miles:
        yield _near(snapshot, request)


def _near(snapshot: Snapshot, request: pb.SearchNoticesRequest) -> Those:
    """At one of the places within the radius, or anywhere."""
    around, limit = point(request.latitude, request.longitude), chord_of(request.radius_miles)
    near = [key for key, place in snapshot.places.items() if chord(around, place) <= limit]
    return snapshot.having(PLACE, near) | snapshot.having("attendance", ["REMOTE"])


def distance(place: Place, request: pb.SearchNoticesRequest) -> float | None:
    """Miles from the place searched around; None without one, or when the notice has no place."""
    if not request.HasField("latitude") or not (place.latitude or place.longitude):
        return None
    return miles(request.latitude, request.longitude, place.latitude, place.longitude)
