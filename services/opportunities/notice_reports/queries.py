"""Reports of a notice, and the one that an operator settles."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from interchange.opportunities.v1 import notice_reports_pb2 as pb
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from chassis.errors import NotFound
from chassis.names import parse, parse_name
from services.opportunities.notice_reports.models import NoticeReport, State

PATTERN = "notices/*/reports/*"
ALL = "notices/-"


def load_for_settling(session: Session, name: str) -> NoticeReport:
    """A report that nobody else settles meanwhile. Operators alone get so far."""
    notice_id, report_id = parse(name, PATTERN)
    statement = select(NoticeReport).where(
        NoticeReport.id == report_id, NoticeReport.notice_id == notice_id
    )
    found = session.scalars(statement.with_for_update(of=NoticeReport)).one_or_none()
    if found is None:
        raise NotFound("NO_SUCH_REPORT", f"{name} does not exist")
    return found


def listing(request: pb.ListNoticeReportsRequest) -> Select[NoticeReport]:
    statement = select(NoticeReport)
    if request.parent != ALL:
        notice_id = parse_name("notices", request.parent, field="parent")
        statement = statement.where(NoticeReport.notice_id == notice_id)
    if request.state:
        statement = statement.where(NoticeReport.state == State(request.state))
    return statement


def open_ones(session: Session, notices: Collection[UUID]) -> Sequence[NoticeReport]:
    """Those of these notices that wait for an operator, kept as they are meanwhile."""
    statement = select(NoticeReport).where(
        NoticeReport.notice_id.in_(notices), NoticeReport.state == State.OPEN
    )
    in_order = statement.order_by(NoticeReport.create_time, NoticeReport.id)
    return session.scalars(in_order.with_for_update(of=NoticeReport)).all()


def of_reporter(session: Session, person: str) -> Sequence[NoticeReport]:
    """What somebody reported, oldest first."""
    theirs = select(NoticeReport).where(NoticeReport.reporter == person)
    return session.scalars(theirs.order_by(NoticeReport.create_time, NoticeReport.id)).all()
