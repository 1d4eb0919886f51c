"""What suggestions look at: a notice or a profile without anything that says who it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from interchange.common.v1.types_pb2 import GradeBand, Place, SkillLevel
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1 import notices_pb2
from interchange.opportunities.v1.notices_pb2 import Notice

from services.matching.distance import miles

# Who stands higher gives what the other takes: what is offered or somebody can, who wants to learn, what is needed.
GIVING = {notices_pb2.OFFERED: 2, notices_pb2.WANTED: 1, notices_pb2.NEEDED: 0}


@dataclass(frozen=True, slots=True)
class Where:
    """A place in degrees, and what it is called."""

    label: str
    latitude: float
    longitude: float

    def miles_to(self, other: Where) -> float:
        return miles(self.latitude, self.longitude, other.latitude, other.longitude)


@dataclass(frozen=True, slots=True)
class Opening:
    """One side of a match. Names, people and texts are not in it: what is not here can't count."""

    name: str = ""
    organisation: str = ""
    region: str = ""
    format: str = ""  # empty: any
    themes: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    grades: frozenset[str] = frozenset()  # empty: any
    where: Where | None = None
    is_remote: bool = False
    start: date | None = None
    end: date | None = None
    has_wishes: bool = True  # an offer to whoever wants it has none of its own
    travel_miles: float = 0.0  # 0: any distance
    giving: int = 0  # as in GIVING
    levels: Mapping[str, int] = field(default_factory=dict)  # 1 to 5, of some of the skills
    vetting_needed: int = 0  # by its number in the proto; 0: none is asked for
    vetting_held: int = 0  # 0: not said
    is_full: bool = False
    new_partners_only: bool = False


def of_notice(notice: Notice, place: Place) -> Opening:
    """A notice that is at this place, empty: nobody knows where."""
    return Opening(
        name=notice.name,
        organisation=notice.organisation,
        region=notice.region,
        format=notices_pb2.Format.Name(notice.format),
        themes=frozenset(map(str.casefold, notice.themes)),
        skills=frozenset(map(str.casefold, notice.skills)),
        grades=frozenset(GradeBand.Name(grade) for grade in notice.grade_bands),
        where=where_of(place, notice.organisation_display_name),
        is_remote=notice.attendance == notices_pb2.REMOTE,
        start=_day(notice.start_date),
        end=_day(notice.end_date),
        has_wishes=notice.kind != notices_pb2.OFFERED,
        giving=GIVING[notice.kind],
        levels=levels_of(notice.conditions.skill_levels),
        vetting_needed=notice.conditions.vetting_needed,
        vetting_held=notice.conditions.vetting_held,
        is_full=0 < notice.conditions.places <= notice.places_taken,
        new_partners_only=notice.conditions.new_partners_only,
    )


def of_profile(
    request: pb.SuggestForProfileRequest,
    skills: Iterable[str],
    levels: Iterable[SkillLevel],
    *,
    giving: int,
) -> Opening:
    """Somebody, as far as it matters, with the skills that this sort of notice is about."""
    graded = [GradeBand.Name(request.grade_band)] if request.grade_band else []
    return Opening(
        organisation=request.organisation,
        skills=frozenset(skills),
        grades=frozenset(graded),
        where=where_of(request.place, ""),
        start=_day(request.start_date),
        end=_day(request.end_date),
        travel_miles=request.travel_miles,
        giving=giving,
        levels=levels_of(levels),
        vetting_held=request.vetting_held,
    )


def levels_of(levels: Iterable[SkillLevel]) -> Mapping[str, int]:
    """By skill; of one that is named twice the last."""
    return {each.skill.casefold(): each.level for each in levels}


def where_of(place: Place, label: str) -> Where | None:
    """None where it has no coordinates: 0, 0 is in the sea."""
    if not (place.latitude or place.longitude):
        return None
    return Where(place.label or label, place.latitude, place.longitude)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
