"""A search: words and meaning, filters, counts, order, page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from interchange.common.v1.types_pb2 import Place
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1.notices_pb2 import Notice
from pyroaring import BitMap

from chassis.auth import Principal
from services.matching.index.follower import Follower
from services.matching.index.snapshot import Snapshot
from services.matching.search import facets, ranking
from services.matching.search.filters import Filters, check, distance, filters_of
from services.matching.search.ranking import Found
from services.matching.search.relevance import Question, begin
from services.matching.search.snippets import Marked, marked, snippet


def search(
    follower: Follower, request: pb.SearchNoticesRequest, who: Principal, *, at: datetime
) -> pb.SearchNoticesResponse:
    """What this caller finds. Counts and the total are of what they may see."""
    check(request)
    scope = scope_of(request)
    after, stamp = ranking.place_in(request.page_token, scope)
    live, regions = follower.snapshot, follower.regions
    ranked_in = follower.pins.get(stamp, live)
    now = asking(live, follower, request, who, at=at)
    then = now if ranked_in is live else asking(ranked_in, follower, request, who, at=at)
    found = then.found()
    page = ranking.page(ranked_in, found, request, after, scope)
    if page.next_page_token:
        follower.pins.keep(ranked_in)
    stems = now.stems
    shown = _shown(live, page.numbers, now.filters)
    hits = [
        _hit(notice, place, found.scores.get(number, 0.0), request, stems)
        for number, notice, place in shown
    ]
    return pb.SearchNoticesResponse(
        notices=[regions.show(notice, at=at) for _, notice, _ in shown],
        hits=hits,
        facets=facets.count(live.sets, now.found_but, now.filters.chosen, regions),
        total_size=len(now.found_but("")),
        next_page_token=page.next_page_token,
        quality=follower.understanding.quality,
        did_you_mean=now.did_you_mean,
    )


@dataclass(frozen=True, slots=True)
class Asking:
    """A query and its filters, as one snapshot knows them. Without a query all that passes is found."""

    filters: Filters
    question: Question | None

    @property
    def did_you_mean(self) -> str:
        return self.question.asked.did_you_mean if self.question else ""

    @property
    def stems(self) -> frozenset[str]:
        return self.question.asked.stems if self.question else frozenset()

    def found_but(self, field: str) -> BitMap:
        """What is found, as if nothing were chosen of this field; with all choices for an empty one."""
        passing = self.filters.passing_but(field)
        return self.question.rows & passing if self.question else passing

    def found(self) -> Found:
        return self.question.found() if self.question else Found(self.found_but(""), {})


def asking(
    snapshot: Snapshot,
    follower: Follower,
    request: pb.SearchNoticesRequest,
    who: Principal,
    *,
    at: datetime,
) -> Asking:
    begun = begin(snapshot, follower.understanding, request.query, follower.beside)
    filters = filters_of(snapshot, request, who, follower.regions, at=at)
    return Asking(filters, begun.among(filters.passing()) if begun else None)


def _shown(
    live: Snapshot, numbers: Sequence[int], filters: Filters
) -> list[tuple[int, Notice, Place]]:
    """As they are now. What has gone since the listing began, or may no longer be seen, is left out."""
    passing = filters.passing_but("")
    seen = [number for number, row in live.sets.numbered(numbers).items() if row in passing]
    notices = live.find(seen)
    return [(number, *notices[number]) for number in seen if number in notices]


def _hit(
    notice: Notice,
    place: Place,
    score: float,
    request: pb.SearchNoticesRequest,
    stems: frozenset[str],
) -> pb.Hit:
    title = marked(notice.title, stems)
    body = snippet(notice.body, stems) if request.query.strip() else Marked("", [])
    return pb.Hit(
        notice=notice.name,
        score=score,
        snippet=body.text,
        snippet_marks=_marks(body),
        title_marks=_marks(title),
        distance_miles=distance(place, request),
    )


def _marks(text: Marked) -> list[pb.Mark]:
    return [pb.Mark(start=start, end=end) for start, end in text.ranges]


def scope_of(request: pb.SearchNoticesRequest) -> str:
    """The question without its page: a token is good for the same one only."""
    question = pb.SearchNoticesRequest()
    question.CopyFrom(request)
    question.ClearField("page_token")
    question.ClearField("page_size")
    return "SearchNotices " + sha256(question.SerializeToString(deterministic=True)).hexdigest()
