"""Whether a search would find a notice: its filters as in searching, its words simply, without an index."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

from interchange.common.v1.types_pb2 import Place
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1 import notices_pb2

from services.matching.distance import miles

WORD = re.compile(r"\w+")
SHORTEST_STEM = 4
# Endings of English words that another form of the same word may not have.
ENDINGS = ("ings", "ing", "ies", "es", "ed", "s", "y")
PUBLIC = frozenset({notices_pb2.REGION, notices_pb2.NETWORK})
REMOTE = frozenset({notices_pb2.REMOTE, notices_pb2.HYBRID})


def finds(search: pb.SearchNoticesRequest, notice: notices_pb2.Notice, place: Place | None) -> bool:
    """`place` is where the notice is, or its organisation. Only what anybody may see is found."""
    return (
        notice.visibility in PUBLIC
        and _passes(search, notice)
        and _is_in_time(search, notice)
        and _is_near(search, notice, place)
        and says(notice, search.query)
    )


def says(notice: notices_pb2.Notice, query: str) -> bool:
    """Whether every word asked for stands in it, in some form."""
    asked = stems(query)
    if not asked:
        return True
    text = " ".join(
        (
            notice.title,
            notice.body,
            notice.organisation_display_name,
            *notice.themes,
            *notice.skills,
        )
    )
    return asked <= stems(text)


def stems(text: str) -> frozenset[str]:
    """Words without accents, case and endings."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    return frozenset(_stem(word) for word in WORD.findall(letters))


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


def _passes(search: pb.SearchNoticesRequest, notice: notices_pb2.Notice) -> bool:
    """Every filter that is set; several values of one mean any of them."""
    grades = list(notice.grade_bands)
    return (
        _among(search.kind, [notice.kind])
        and _among(search.format, [notice.format])
        and _among(_folded(search.theme), _folded(notice.themes))
        and _among(_folded(search.skill), _folded(notice.skills))
        and _among(search.sector, [notice.sector])
        and (not grades or _among(search.grade_band, grades))
        and _among(search.organisation, [notice.organisation])
        and _among(search.region, [notice.region])
        and _among(search.attendance, [notice.attendance])
        and (not search.remote or notice.attendance in REMOTE)
    )


def _among(wanted: Collection[object], has: Sequence[object]) -> bool:
    return not wanted or any(each in wanted for each in has)


def _folded(texts: Collection[str]) -> list[str]:
    return [each.casefold() for each in texts]


def _is_in_time(search: pb.SearchNoticesRequest, notice: notices_pb2.Notice) -> bool:
    ends_before = bool(notice.end_date and notice.end_date < search.from_date)
    starts_after = bool(search.to_date and notice.start_date > search.to_date)
    return not (ends_before or starts_after)


def _is_near(
    search: pb.SearchNoticesRequest, notice: notices_pb2.Notice, place: Place | None
) -> bool:
    if not search.radius_miles or notice.attendance == notices_pb2.REMOTE:
        return True
    if place is None:
        return False
    here = search.latitude, search.longitude
    return miles(*here, place.latitude, place.longitude) <= search.radius_miles
