"""Between reports and their messages."""

from __future__ import annotations

from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notice_reports_pb2 as pb

from chassis import convert
from chassis.timestamps import to_proto as stamp
from services.opportunities.notice_reports.models import NoticeReport, State
from services.opportunities.notices.convert import to_public


def to_proto(report: NoticeReport) -> pb.NoticeReport:
    return pb.NoticeReport(
        name=report.name,
        reason=convert.number(report.reason),
        text=report.text,
        reporter=report.reporter,
        state=convert.number(report.state),
        note=report.note,
        notice_title=report.notice.title,
        organisation_display_name=report.notice.display_name,
        partner_region=report.notice.region if report.notice.is_copy else "",
        create_time=stamp(report.create_time),
        settle_time=convert.moment(report.settle_time),
    )


def settled(report: NoticeReport) -> events.NoticeReportSettled:
    """What is announced of a report that an operator has dealt with."""
    return events.NoticeReportSettled(
        report=report.name,
        notice=to_public(report.notice),
        reporter=report.reporter,
        is_gone=report.state is State.NOTICE_CLOSED,
    )
