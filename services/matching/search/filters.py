"""From a request to the set of notices that it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from interchange.common.v1.types_pb2 import GradeBand, Sector
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1 import notices_pb2

from chassis.auth import Principal
from chassis.convert import read_day
from chassis.errors import InvalidArgument
from services.matching.distance import chord, chord_of, miles, point
from services.matching.index import bits
from services.matching.index.catalogue import ANY_GRADE, Catalogue, Facts
from services.matching.policy import own_organisations

PUBLIC = ("REGION", "NETWORK")
REMOTE = ("REMOTE", "HYBRID")


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


def visible(catalogue: Catalogue, who: Principal) -> int:
    """What this caller may see at all."""
    seen = catalogue.having("visibility", PUBLIC)
    return seen | catalogue.having("organisation", own_organisations(who))


def facet_sets(catalogue: Catalogue, request: pb.SearchNoticesRequest) -> Mapping[str, int]:
    """For each filter that is set and has counts, the notices that pass it."""
    wanted: dict[str, list[str]] = {
        "kind": [notices_pb2.Kind.Name(each) for each in request.kind],
        "format": [notices_pb2.Format.Name(each) for each in request.format],
        "theme": [each.casefold() for each in request.theme],
        "skill": [each.casefold() for each in request.skill],
        "sector": [Sector.Name(each) for each in request.sector],
        "grade_band": [GradeBand.Name(each) for each in request.grade_band],
        "organisation": list(request.organisation),
        "attendance": [notices_pb2.Attendance.Name(each) for each in request.attendance],
    }
    if wanted["grade_band"]:
        wanted["grade_band"].append(ANY_GRADE)
    return {field: catalogue.having(field, values) for field, values in wanted.items() if values}


def elsewhere(catalogue: Catalogue, request: pb.SearchNoticesRequest, among: int) -> int:
    """Those of `among` that pass the filters without counts: remote, dates and distance."""
    if request.remote:
        among &= catalogue.having("attendance", REMOTE)
    if not (request.from_date or request.to_date or request.radius_miles):
        return among
    fits = _fitting(request)
    return bits.of([number for number in bits.members(among) if fits(catalogue.facts[number])])


def _fitting(request: pb.SearchNoticesRequest) -> Callable[[Facts], bool]:
    """Whether the dates overlap those asked for, flexible ones always, and the place is near enough."""
    first, last = request.from_date, request.to_date or "9999-12-31"
    around, limit = point(request.latitude, request.longitude), chord_of(request.radius_miles)
    anywhere = not request.radius_miles

    def fits(facts: Facts) -> bool:
        if (facts.end and facts.end < first) or (facts.start and facts.start > last):
            return False
        if anywhere or facts.is_remote:
            return True
        return facts.point is not None and chord(around, facts.point) <= limit

    return fits


def distance(facts: Facts, request: pb.SearchNoticesRequest) -> float | None:
    """Miles from the place searched around; None without one, or when the notice has no place."""
    place = facts.place
    if not request.HasField("latitude") or place is None:
        return None
    return miles(request.latitude, request.longitude, place.latitude, place.longitude)
