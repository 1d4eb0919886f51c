"""RequestService: what people ask of their manager, and the notices that come of it."""

from __future__ import annotations

from datetime import datetime

from grpc import ServicerContext
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2
from interchange.opportunities.v1 import requests_pb2 as pb
from interchange.opportunities.v1 import requests_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import acts
from chassis.auth import principal
from chassis.bus import publish
from chassis.clock import now
from chassis.database import Database
from chassis.errors import FailedPrecondition
from chassis.pages import paginate
from chassis.validation import validate
from services.opportunities.identity import Identity
from services.opportunities.notices import drafting
from services.opportunities.notices.convert import to_proto as notice_to_proto
from services.opportunities.notices.models import Notice
from services.opportunities.organisations.directory import Directory
from services.opportunities.requests import queries
from services.opportunities.requests.convert import facts, from_proto, to_notice, to_proto
from services.opportunities.requests.models import Request

NEWEST_FIRST = (Request.create_time.desc(), Request.id.desc())


class RequestService(rpc.RequestServiceServicer):
    """Requests between a person and the managers of their organisation."""

    def __init__(
        self, database: Database, directory: Directory, identity: Identity, *, region: str
    ) -> None:
        self._begin = database.begin
        self._read = database.read
        self._directory = directory
        self._identity = identity
        self._region = region

    def CreateRequest(self, request: pb.CreateRequestRequest, _: ServicerContext) -> pb.Request:
        who = principal()
        if not who.organisation:
            raise FailedPrecondition(
                "NO_ORGANISATION", "you are not a member of an organisation yet"
            )
        with self._begin() as session:
            made = from_proto(request.request, who, at=now())
            session.add(made)
            publish(session, events.RequestMade(request=facts(made)))
        return to_proto(made)

    def GetRequest(self, request: pb.GetRequestRequest, _: ServicerContext) -> pb.Request:
        with self._read() as session:
            return to_proto(queries.load(session, request.name))

    def ListRequests(
        self, request: pb.ListRequestsRequest, _: ServicerContext
    ) -> pb.ListRequestsResponse:
        statement = queries.listing(principal(), request)
        scope = f"ListRequests {request.organisation} {request.state}"
        with self._read() as session:
            page = paginate(session, statement, key=NEWEST_FIRST, request=request, scope=scope)
        return pb.ListRequestsResponse(
            requests=map(to_proto, page.items), next_page_token=page.next_page_token
        )

    def DraftNoticeFromRequest(
        self, request: pb.DraftNoticeFromRequestRequest, _: ServicerContext
    ) -> notices_pb2.Notice:
        with self._read() as session:
            asked = queries.load(session, request.name)
        self._directory.know(asked.organisation, field="name")
        self._directory.require_member(asked.person, asked.organisation, field="name")
        self._identity.audit.record_operator("request.draftNotice", request.name)
        with self._begin() as session:
            notice = self._draft(session, request, at=now())
        return notice_to_proto(notice, principal())

    def _draft(
        self, session: Session, request: pb.DraftNoticeFromRequestRequest, *, at: datetime
    ) -> Notice:
        asked = queries.load_for_answer(session, request.name)
        asked.require_open()
        message = to_notice(asked, request.notice)
        # The rules of a new notice hold for the whole, not for the part that the manager wrote.
        validate(notices_pb2.CreateNoticeRequest(notice=message))
        notice = drafting.add(session, message, asked.organisation, region=self._region, at=at)
        notice.request_id, notice.consent = asked.id, asked.consent
        asked.answer(notice.id, at=at)
        publish(session, events.RequestAnswered(request=facts(asked)))
        return notice

    def DeclineRequest(self, request: pb.DeclineRequestRequest, _: ServicerContext) -> pb.Request:
        with self._begin() as session:
            asked = queries.load_for_answer(session, request.name)
            asked.decline(request.reason, at=now())
            publish(session, events.RequestDeclined(request=facts(asked)))
            acts.record(session, events.ActTaken, "request.decline", asked.name)
        return to_proto(asked)

    def WithdrawRequest(self, request: pb.WithdrawRequestRequest, _: ServicerContext) -> pb.Request:
        with self._begin() as session:
            asked = queries.load_own(session, request.name)
            asked.withdraw(at=now())
            publish(session, events.RequestWithdrawn(request=facts(asked)))
            acts.record(session, events.ActTaken, "request.withdraw", asked.name)
        return to_proto(asked)
