"""A search: words, filters, counts, order, page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from interchange.matching.v1 import matching_pb2 as pb

from chassis.auth import Principal
from services.matching.index import bits
from services.matching.index.catalogue import Catalogue
from services.matching.search import facets, filters, ranking


def search(
    catalogue: Catalogue, request: pb.SearchNoticesRequest, who: Principal, *, at: datetime
) -> pb.SearchNoticesResponse:
    """What this caller finds. Counts and the total are of what they may see."""
    filters.check(request)
    with catalogue.lock:
        words = catalogue.words.find(request.query)
        found = catalogue.open_at(at) & filters.visible(catalogue, who)
        if request.query.strip():
            found &= bits.of(words.scores)
        found = filters.elsewhere(catalogue, request, found)
        passing = filters.facet_sets(catalogue, request)
        chosen = found
        for each in passing.values():
            chosen &= each
        numbers = bits.members(chosen)
        ranked = ranking.page(catalogue, numbers, request, words.scores, scope_of(request))
        snippets = catalogue.words.snippets(words, ranked.numbers)
        return pb.SearchNoticesResponse(
            notices=[catalogue.notices[number] for number in ranked.numbers],
            hits=[
                _hit(catalogue, number, request, words.scores, snippets)
                for number in ranked.numbers
            ],
            facets=facets.count(catalogue, found, passing),
            total_size=len(numbers),
            next_page_token=ranked.next_page_token,
        )


def _hit(
    catalogue: Catalogue,
    number: int,
    request: pb.SearchNoticesRequest,
    scores: Mapping[int, float],
    snippets: Mapping[int, str],
) -> pb.Hit:
    return pb.Hit(
        notice=catalogue.notices[number].name,
        score=scores.get(number, 0.0),
        snippet=snippets.get(number, ""),
        distance_miles=filters.distance(catalogue.facts[number], request),
    )


def scope_of(request: pb.SearchNoticesRequest) -> str:
    """The question without its page: a token is good for the same one only."""
    question = pb.SearchNoticesRequest()
    question.CopyFrom(request)
    question.ClearField("page_token")
    question.ClearField("page_size")
    return "SearchNotices " + sha256(question.SerializeToString(deterministic=True)).hexdigest()
