"""MatchingService: search, suggestions, and building the read model anew."""

from __future__ import annotations

from collections.abc import Iterator

from grpc import ServicerContext
from interchange.common.v1.types_pb2 import Place
from interchange.matching.v1 import matching_pb2 as pb
from interchange.matching.v1 import matching_pb2_grpc as rpc
from interchange.opportunities.v1.notices_pb2 import Notice

from chassis.auth import principal
from chassis.clock import now
from chassis.errors import NotFound
from chassis.names import parse_name
from services.matching.audit import Audit
from services.matching.index.catalogue import Catalogue
from services.matching.index.follower import Follower
from services.matching.policy import may_ask_for
from services.matching.rebuild import Rebuild
from services.matching.search.searching import search
from services.matching.suggestions.suggesting import suggest


class MatchingService(rpc.MatchingServiceServicer):
    """Answers from the catalogue in memory; nothing here waits for the database."""

    def __init__(self, follower: Follower, rebuild: Rebuild, audit: Audit) -> None:
        self._follower = follower
        self._rebuild = rebuild
        self._audit = audit

    def SearchNotices(
        self, request: pb.SearchNoticesRequest, _: ServicerContext
    ) -> pb.SearchNoticesResponse:
        return search(self._follower.catalogue, request, principal(), at=now())

    def SuggestNotices(
        self, request: pb.SuggestNoticesRequest, _: ServicerContext
    ) -> pb.SuggestNoticesResponse:
        catalogue = self._follower.catalogue
        notice, place = load(catalogue, request.name)
        return suggest(catalogue, notice, place, request, principal(), at=now())

    def RebuildIndex(
        self, _: pb.RebuildIndexRequest, __: ServicerContext
    ) -> Iterator[pb.RebuildIndexProgress]:
        self._audit.record("index.rebuild", "programs/matching")
        for report in self._rebuild.run():
            if report.complete:
                self._follower.wake()
            yield report


def load(catalogue: Catalogue, name: str) -> tuple[Notice, Place | None]:
    """A published notice for which the caller may have suggestions, and where it is; to others it is not there."""
    parse_name("notices", name)
    with catalogue.lock:
        number = catalogue.number(name)
        found = None if number is None else catalogue.notices[number]
        place = None if number is None else catalogue.facts[number].place
    if found is None or not may_ask_for(principal(), found.organisation):
        raise NotFound("NO_SUCH_NOTICE", f"{name} is not published, or not yours to match")
    return found, place
