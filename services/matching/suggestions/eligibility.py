"""Hard rules: what is excluded is not suggested at all, never with a penalty; each rule has a code.

Rules speak only of what both sides have said. Whoever is not checked by a rule is not excluded by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from services.matching.suggestions.opening import Opening
from services.matching.suggestions.scoring import common_days

# From front line to executive, as bands compare. Elected Members and trustees stand beside them.
LADDER = ("FRONT_LINE", "OFFICER", "MIDDLE", "SENIOR", "EXECUTIVE")
MOST_RUNGS = 1  # between who learns and who shows

SAME_ORGANISATION = "SAME_ORGANISATION"
DATES = "DATES_DO_NOT_MEET"
GRADE_GAP = "GRADE_GAP"
TOO_FAR = "TOO_FAR"
OUT_OF_DATE = "REGION_NOT_HEARD"
VETTING = "VETTING_MISSING"
FULL = "NO_PLACE_LEFT"
SAME_GROUP = "SAME_GROUP"
PAST_PARTNER = "PAST_PARTNER"
NO_MANAGER = "NOBODY_TO_ENDORSE"
DISMISSED = "DISMISSED"
BLOCKED = "ORGANISATION_BLOCKED"
CODES = (
    *(SAME_ORGANISATION, SAME_GROUP, PAST_PARTNER, DATES, GRADE_GAP, TOO_FAR),
    *(VETTING, FULL, NO_MANAGER, OUT_OF_DATE, DISMISSED, BLOCKED),
)


@dataclass(frozen=True, slots=True)
class Barred:
    """What does not follow from the two sides themselves."""

    dismissed: Collection[tuple[str, str]] = field(
        default_factory=frozenset
    )  # one's own notice and the other
    organisations: Collection[str] = field(default_factory=frozenset)  # wholly, both ways
    kin: Collection[str] = field(default_factory=frozenset)  # organisations of the same group
    partners: Collection[str] = field(default_factory=frozenset)  # organisations, now or before
    unmanaged: Collection[str] = field(default_factory=frozenset)  # organisations
    silent: Collection[str] = field(
        default_factory=frozenset
    )  # regions that were not heard for days


def exclusions(one: Opening, other: Opening, barred: Barred) -> Iterator[str]:
    """Codes of all rules that keep these two apart; none: they may meet."""
    if one.organisation and one.organisation == other.organisation:
        yield SAME_ORGANISATION
    if other.organisation in barred.kin:
        yield SAME_GROUP
    if _want_new_partners(one, other) and other.organisation in barred.partners:
        yield PAST_PARTNER
    if common_days(one, other) is None:
        yield DATES
    if rungs_between(one.grades, other.grades) > MOST_RUNGS:
        yield GRADE_GAP
    if _is_too_far(one, other) or _is_too_far(other, one):
        yield TOO_FAR
    if _lacks_check(one, other) or _lacks_check(other, one):
        yield VETTING
    if one.is_full or other.is_full:
        yield FULL
    if {one.organisation, other.organisation} & set(barred.unmanaged):
        yield NO_MANAGER
    if other.region in barred.silent:
        yield OUT_OF_DATE
    if (one.name, other.name) in barred.dismissed:
        yield DISMISSED
    if other.organisation in barred.organisations:
        yield BLOCKED


def rungs_between(some: Collection[str], others: Collection[str]) -> int:
    """The smallest gap between two sets of grades; 0 when one of them is for any grade, or both share one."""
    if not some or not others or set(some) & set(others):
        return 0
    gaps = [
        abs(LADDER.index(one) - LADDER.index(other))
        for one in some
        for other in others
        if one in LADDER and other in LADDER
    ]
    return min(gaps, default=1)  # an Elected Member and an officer may well learn from each other


def _is_too_far(one: Opening, other: Opening) -> bool:
    if not one.travel_miles or other.is_remote or one.where is None or other.where is None:
        return False
    return one.where.miles_to(other.where) > one.travel_miles


def _want_new_partners(one: Opening, other: Opening) -> bool:
    return one.new_partners_only or other.new_partners_only


def _lacks_check(one: Opening, other: Opening) -> bool:
    """Whether the other says what check they have, and this one asks for more."""
    return 0 < other.vetting_held < one.vetting_needed
