"""MatchingService: search, suggestions, and building the read model anew."""

from __future__ import annotations

from collections.abc import Iterator

from grpc import ServicerContext
from interchange.matching.v1 import matching_pb2 as pb
from interchange.matching.v1 import matching_pb2_grpc as rpc

from chassis.auth import principal
from chassis.clock import now
from chassis.identity import Audit
from services.matching.index.follower import Follower
from services.matching.organisations import searching as organisations
from services.matching.organisations.directory import Directory
from services.matching.rebuild import Rebuild
from services.matching.search.searching import search
from services.matching.suggestions.answering import Suggestions


class MatchingService(rpc.MatchingServiceServicer):
    """Answers from what is indexed; suggestions ask the database, too, for what managers have said of them."""

    def __init__(
        self,
        follower: Follower,
        directory: Directory,
        rebuild: Rebuild,
        suggestions: Suggestions,
        audit: Audit,
    ) -> None:
        self._follower = follower
        self._directory = directory
        self._rebuild = rebuild
        self._suggestions = suggestions
        self._audit = audit

    def SearchNotices(
        self, request: pb.SearchNoticesRequest, _: ServicerContext
    ) -> pb.SearchNoticesResponse:
        return search(self._follower, request, principal(), at=now())

    def SearchOrganisations(
        self, request: pb.SearchOrganisationsRequest, _: ServicerContext
    ) -> pb.SearchOrganisationsResponse:
        return organisations.search(self._directory, self._follower, request, principal(), at=now())

    def SuggestNotices(
        self, request: pb.SuggestNoticesRequest, _: ServicerContext
    ) -> pb.SuggestNoticesResponse:
        return self._suggestions.for_notice(request)

    def SuggestForOrganisation(
        self, request: pb.SuggestForOrganisationRequest, _: ServicerContext
    ) -> pb.SuggestForOrganisationResponse:
        return self._suggestions.for_organisation(request)

    def SuggestForProfile(
        self, request: pb.SuggestForProfileRequest, _: ServicerContext
    ) -> pb.SuggestForProfileResponse:
        return self._suggestions.for_profile(request)

    def ListExcludedNotices(
        self, request: pb.ListExcludedNoticesRequest, _: ServicerContext
    ) -> pb.ListExcludedNoticesResponse:
        return self._suggestions.excluded_for(request)

    def DismissSuggestion(
        self, request: pb.DismissSuggestionRequest, _: ServicerContext
    ) -> pb.Dismissal:
        return self._suggestions.dismiss(request)

    def RestoreSuggestion(
        self, request: pb.RestoreSuggestionRequest, _: ServicerContext
    ) -> pb.Dismissal:
        return self._suggestions.restore(request)

    def RebuildIndex(
        self, _: pb.RebuildIndexRequest, __: ServicerContext
    ) -> Iterator[pb.RebuildIndexProgress]:
        self._audit.record("index.rebuild", "programs/matching")
        for report in self._rebuild.run():
            if report.complete:
                self._follower.wake()
            yield report
