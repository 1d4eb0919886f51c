"""NoticeReportService: from what somebody reports to what the operator says of it."""

from __future__ import annotations

from datetime import datetime

from grpc import ServicerContext
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notice_reports_pb2 as pb
from interchange.opportunities.v1 import notice_reports_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis.auth import principal
from chassis.bus import publish
from chassis.clock import now
from chassis.database import Database
from chassis.errors import AlreadyExists, FailedPrecondition
from chassis.pages import paginate
from services.opportunities.identity import Identity
from services.opportunities.notice_reports import queries
from services.opportunities.notice_reports.convert import settled, to_proto
from services.opportunities.notice_reports.models import NoticeReport, Reason
from services.opportunities.notices.convert import to_public
from services.opportunities.notices.models import Notice
from services.opportunities.notices.queries import load_locked

OLDEST_FIRST = (NoticeReport.create_time, NoticeReport.id)
# By then the operator knows; whoever floods us with more would only hide other notices' reports.
MOST_OPEN = 20


class NoticeReportService(rpc.NoticeReportServiceServicer):
    """Reports of notices: made by anybody, seen and settled by operators."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._begin = database.begin
        self._read = database.read
        self._identity = identity

    def CreateNoticeReport(
        self, request: pb.CreateNoticeReportRequest, _: ServicerContext
    ) -> pb.NoticeReport:
        with self._begin() as session:
            notice = load_locked(session, request.parent)
            notice.require_published()
            report = _report(session, notice, request.report, at=now())
            publish(session, events.NoticeReported(report=report.name, notice=to_public(notice)))
        return to_proto(report)

    def ListNoticeReports(
        self, request: pb.ListNoticeReportsRequest, _: ServicerContext
    ) -> pb.ListNoticeReportsResponse:
        statement = queries.listing(request)
        scope = f"ListNoticeReports {request.parent} {request.state}"
        with self._read() as session:
            page = paginate(session, statement, key=OLDEST_FIRST, request=request, scope=scope)
            return pb.ListNoticeReportsResponse(
                reports=map(to_proto, page.items), next_page_token=page.next_page_token
            )

    def DismissNoticeReport(
        self, request: pb.DismissNoticeReportRequest, _: ServicerContext
    ) -> pb.NoticeReport:
        self._identity.audit.record_operator("noticeReport.dismiss", request.name)
        with self._begin() as session:
            report = queries.load_for_settling(session, request.name)
            report.dismiss(request.note, at=now())
            publish(session, settled(report))
            return to_proto(report)


def _report(
    session: Session, notice: Notice, message: pb.NoticeReport, *, at: datetime
) -> NoticeReport:
    reporter = principal().person
    waiting = queries.open_ones(session, [notice.id])
    if reporter and any(each.reporter == reporter for each in waiting):
        raise AlreadyExists("ALREADY_REPORTED", f"you have reported {notice.name} already")
    if len(waiting) >= MOST_OPEN:
        raise FailedPrecondition(
            "REPORTED_ENOUGH", f"{notice.name} was reported by many: the operator will look at it"
        )
    report = NoticeReport(
        notice=notice,
        reason=Reason(message.reason),
        text=message.text,
        reporter=reporter,
        create_time=at,
    )
    session.add(report)
    return report
