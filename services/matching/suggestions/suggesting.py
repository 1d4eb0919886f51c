"""Suggestions for one notice: who could meet it at all, how well, in which order.

At most so many candidates are scored, those that share most with it: the cost of a suggestion
does not grow with the region.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from interchange.common.v1.types_pb2 import GradeBand, Place
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1 import notices_pb2
from interchange.opportunities.v1.notices_pb2 import Notice

from chassis.auth import Principal
from chassis.pages import write_token
from services.matching.index import bits
from services.matching.index.catalogue import Catalogue
from services.matching.index.words import words_of
from services.matching.paging import read_key
from services.matching.search.filters import visible
from services.matching.suggestions.scoring import Opening, Score, Where, score

DEFAULT_SIZE = 10
MOST_CANDIDATES = 500
ALIKE = 200  # of them, found by their words
MEETS = {
    notices_pb2.WANTED: ("NEEDED", "OFFERED"),
    notices_pb2.NEEDED: ("OFFERED", "WANTED"),
    notices_pb2.OFFERED: ("WANTED", "NEEDED"),
}


def suggest(
    catalogue: Catalogue,
    notice: Notice,
    place: Place | None,
    request: pb.SuggestNoticesRequest,
    who: Principal,
    *,
    at: datetime,
) -> pb.SuggestNoticesResponse:
    """Best first; of equals the newer, then by name."""
    with catalogue.lock:
        numbers = candidates(catalogue, notice, who, at)
        others = [(catalogue.notices[each], catalogue.facts[each].place) for each in numbers]
    opening = opening_of(notice, place)
    scored = [(score(opening, opening_of(other, its)), other) for other, its in others]
    ranked = sorted((_key(found, other), found, other) for found, other in scored if found.value)
    return _page(ranked, request)


Ranked = tuple[tuple[float, float, str], Score, Notice]


def _key(found: Score, other: Notice) -> tuple[float, float, str]:
    published = other.publish_time.seconds + other.publish_time.nanos / 1e9
    return (-found.value, -published, other.name)


def _page(ranked: Sequence[Ranked], request: pb.SuggestNoticesRequest) -> pb.SuggestNoticesResponse:
    scope = f"SuggestNotices {request.name}"
    size = request.page_size or DEFAULT_SIZE
    if request.page_token:
        after = read_key(request.page_token, scope, float, float, str)
        ranked = [each for each in ranked if each[0] > after]
    token = write_token(ranked[size - 1][0], scope) if len(ranked) > size else ""
    return pb.SuggestNoticesResponse(
        suggestions=[_suggestion(found, other) for _, found, other in ranked[:size]],
        next_page_token=token,
    )


def _suggestion(found: Score, other: Notice) -> pb.Suggestion:
    reasons = (
        pb.Reason(code=each.code, text=each.text, contribution=each.contribution)
        for each in found.reasons
    )
    return pb.Suggestion(notice=other, score=found.value, reasons=reasons)


def candidates(catalogue: Catalogue, notice: Notice, who: Principal, at: datetime) -> Sequence[int]:
    """Those of the kinds that meet it, of other organisations, which share most with it."""
    possible = catalogue.open_at(at) & visible(catalogue, who)
    possible &= catalogue.having("kind", MEETS[notice.kind])
    possible &= ~catalogue.having("organisation", [notice.organisation])
    skills = catalogue.having("skill", map(str.casefold, notice.skills))
    themes = catalogue.having("theme", map(str.casefold, notice.themes))
    alike = bits.of(catalogue.words.alike(f"{notice.title} {' '.join(notice.themes)}", ALIKE))
    found: list[int] = []
    rest = possible
    for group in (skills & themes, skills, themes & alike, alike, themes):
        found += bits.members(rest & group)
        rest &= ~group
        if len(found) >= MOST_CANDIDATES:
            break
    return found[:MOST_CANDIDATES]


def opening_of(notice: Notice, place: Place | None) -> Opening:
    """What the score looks at, of a notice and where it is."""
    return Opening(
        name=notice.name,
        format=notices_pb2.Format.Name(notice.format),
        themes=frozenset(map(str.casefold, notice.themes)),
        skills=frozenset(map(str.casefold, notice.skills)),
        words=frozenset(word for word in words_of(notice.title) if len(word) > 3),
        grades=frozenset(GradeBand.Name(grade) for grade in notice.grade_bands),
        where=_where(notice, place),
        is_remote=notice.attendance == notices_pb2.REMOTE,
        start=_day(notice.start_date),
        end=_day(notice.end_date),
        days_per_week=notice.days_per_week,
    )


def _where(notice: Notice, place: Place | None) -> Where | None:
    if place is None:
        return None
    label = place.label or notice.organisation_display_name
    return Where(label, place.latitude, place.longitude)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
