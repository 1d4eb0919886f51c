"""FiguresService: how far the scheme reaches. Public, so counted at most every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from grpc import ServicerContext
from interchange.opportunities.v1 import exchanges_pb2 as pb
from interchange.opportunities.v1 import exchanges_pb2_grpc as rpc
from sqlalchemy import select

from chassis.clock import now
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.pages import paginate
from services.opportunities.figures import answering, queries
from services.opportunities.identity import Identity
from services.opportunities.organisations.models import Organisation

COUNTED_FOR_S = 5.0
# Those who wait while identity does not answer are refused together, not one after the other.
REFUSED_FOR_S = 1.0


class FiguresService(rpc.FiguresServiceServicer):
    """The scheme's figures: identity's count of members with our count of what they do."""

    def __init__(
        self,
        database: Database,
        identity: Identity,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = database.read
        self._identity = identity
        self._clock = clock
        self._lock = Lock()
        self._answer: pb.Figures | Unavailable = pb.Figures()
        self._good_until = float("-inf")

    def GetFigures(self, _: pb.GetFiguresRequest, __: ServicerContext) -> pb.Figures:
        answer = self._newest()
        if isinstance(answer, Unavailable):
            raise Unavailable(answer.reason, answer.message)
        return answer

    def ListAnsweringTimes(
        self, request: pb.ListAnsweringTimesRequest, _: ServicerContext
    ) -> pb.ListAnsweringTimesResponse:
        ours = select(Organisation).where(Organisation.region == "", Organisation.is_verified)
        with self._read() as session:
            page = paginate(
                session,
                ours,
                key=(Organisation.display_name, Organisation.name),
                request=request,
                scope="ListAnsweringTimes",
            )
            found = answering.times(session, [each.name for each in page.items], at=now())
        return pb.ListAnsweringTimesResponse(
            answering_times=[
                answering.to_proto(each, found.get(each.name, answering.Times()))
                for each in page.items
            ],
            next_page_token=page.next_page_token,
        )

    def _newest(self) -> pb.Figures | Unavailable:
        with self._lock:  # who comes meanwhile waits for this count, and starts none of their own
            if self._clock() >= self._good_until:
                self._renew()
            return self._answer

    def _renew(self) -> None:
        try:
            self._answer, lasts = self._count(), COUNTED_FOR_S
        except Unavailable as problem:
            self._answer, lasts = problem, REFUSED_FOR_S
        self._good_until = self._clock() + lasts

    def _count(self) -> pb.Figures:
        members = self._identity.figures()
        with self._read() as session:
            figures = queries.figures(session)
        figures.organisations = members.organisations
        committed = members.organisations_with_committed_manager
        figures.organisations_with_committed_manager = committed
        figures.committed_share = committed / members.organisations if members.organisations else 0
        figures.managers = members.managers
        figures.participants = members.participants
        return figures
