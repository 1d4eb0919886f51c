"""Giving notices back before they are published, and reporting them afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from interchange.identity.v1 import events_pb2 as identity
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notice_reports_pb2 as pb
from interchange.opportunities.v1 import notices_pb2, personal_data_pb2

from chassis.auth import Principal
from chassis.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
)
from services.opportunities.notice_reports.service import MOST_OPEN, NoticeReportService
from services.opportunities.participation.erasure import on_person_erased
from tests.support.outbox import announced, everything_announced
from tests.unit.opportunities.conftest import VISITOR, Place

OPEN, DISMISSED, GONE = (
    pb.NoticeReport.OPEN,
    pb.NoticeReport.DISMISSED,
    pb.NoticeReport.NOTICE_CLOSED,
)
Report = Callable[..., pb.NoticeReport]


def submit(place: Place) -> notices_pb2.Notice:
    request = notices_pb2.SubmitNoticeRequest(name=place.draft().name)
    return place.ask(place.norfolk_manager, place.notices.SubmitNotice, request)


def give_back(place: Place, name: str, who: Principal) -> notices_pb2.Notice:
    request = notices_pb2.ReturnNoticeRequest(name=name, note="Say for how long.")
    return place.ask(who, place.notices.ReturnNotice, request)


def test_a_notice_that_is_given_back_is_a_draft_that_says_what_to_change(place: Place) -> None:
    name = submit(place).name

    returned = give_back(place, name, place.operator)

    assert (returned.state, returned.review_note) == (notices_pb2.Notice.DRAFT, "Say for how long.")
    assert place.get(place.norfolk_manager, name).review_note == "Say for how long."
    told = announced(place.database, events.NoticeReturned)
    assert [(each.notice.name, each.manager) for each in told] == [
        (name, place.norfolk_manager.person)
    ]
    assert b"Say for how long" not in everything_announced(place.database)
    request = notices_pb2.SubmitNoticeRequest(name=name)
    again = place.ask(place.norfolk_manager, place.notices.SubmitNotice, request)
    assert (again.state, again.review_note) == (notices_pb2.Notice.IN_REVIEW, "")


def test_only_a_notice_in_review_is_given_back_by_who_may(place: Place) -> None:
    with pytest.raises(FailedPrecondition, match="NOT_IN_REVIEW"):
        give_back(place, place.publish().name, place.operator)
    with pytest.raises(NotFound, match="NO_SUCH_NOTICE"):
        give_back(place, submit(place).name, place.suffolk_manager)
    with pytest.raises(InvalidArgument, match="note"):
        request = notices_pb2.ReturnNoticeRequest(name=submit(place).name)
        place.ask(place.operator, place.notices.ReturnNotice, request)


@pytest.fixture
def desk(place: Place) -> NoticeReportService:
    return NoticeReportService(place.database, place.notices._identity)


@pytest.fixture
def report(place: Place, desk: NoticeReportService) -> Report:
    def report_(notice: str, who: Principal = VISITOR, text: str = "") -> pb.NoticeReport:
        made = pb.NoticeReport(reason=pb.NoticeReport.ADVERTISING, text=text)
        request = pb.CreateNoticeReportRequest(parent=notice, report=made)
        return place.ask(who, desk.CreateNoticeReport, request)

    return report_


def waiting(place: Place, desk: NoticeReportService) -> list[str]:
    request = pb.ListNoticeReportsRequest(parent="notices/-", state=OPEN)
    return [
        each.name for each in place.ask(place.operator, desk.ListNoticeReports, request).reports
    ]


def test_whoever_sees_a_notice_reports_it_and_the_operator_is_told(
    place: Place, desk: NoticeReportService, report: Report
) -> None:
    name = place.publish().name

    made = [report(name), report(name, place.host, "They want money.")]

    assert waiting(place, desk) == [each.name for each in made]
    assert [each.reporter for each in made] == ["", place.host.person]
    told = announced(place.database, events.NoticeReported)
    assert [each.report for each in told] == [each.name for each in made]
    assert b"They want money" not in everything_announced(place.database)


def test_what_one_cannot_see_or_is_not_published_is_not_reported(
    place: Place, report: Report
) -> None:
    with pytest.raises(NotFound, match="NO_SUCH_NOTICE"):
        report(place.publish(visibility=notices_pb2.ORGANISATION).name)
    with pytest.raises(FailedPrecondition, match="NOT_PUBLISHED"):
        report(place.draft().name, place.norfolk_manager)


def test_nobody_floods_the_queue(place: Place, report: Report) -> None:
    name = place.publish().name
    report(name, place.host)

    with pytest.raises(AlreadyExists, match="ALREADY_REPORTED"):
        report(name, place.host)
    for _ in range(MOST_OPEN - 1):
        report(name)
    with pytest.raises(FailedPrecondition, match="REPORTED_ENOUGH"):
        report(name)


def test_a_dismissed_report_says_why_once(
    place: Place, desk: NoticeReportService, report: Report
) -> None:
    made = report(place.publish().name, place.host)
    request = pb.DismissNoticeReportRequest(name=made.name, note="It sells nothing.")

    dismissed = place.ask(place.operator, desk.DismissNoticeReport, request)

    assert (dismissed.state, dismissed.note) == (DISMISSED, "It sells nothing.")
    assert waiting(place, desk) == []
    (told,) = announced(place.database, events.NoticeReportSettled)
    assert (told.reporter, told.is_gone) == (place.host.person, False)
    with pytest.raises(FailedPrecondition, match="NOT_OPEN"):
        place.ask(place.operator, desk.DismissNoticeReport, request)


def test_reports_are_settled_when_the_notice_closes(
    place: Place, desk: NoticeReportService, report: Report
) -> None:
    name = place.publish().name
    report(name, place.host)
    request = notices_pb2.CloseNoticeRequest(
        name=name, reason=notices_pb2.Notice.REMOVED, note="It sells something."
    )

    place.ask(place.operator, place.notices.CloseNotice, request)

    assert waiting(place, desk) == []
    listed = pb.ListNoticeReportsRequest(parent=name, state=GONE)
    assert len(place.ask(place.operator, desk.ListNoticeReports, listed).reports) == 1
    assert [each.is_gone for each in announced(place.database, events.NoticeReportSettled)] == [
        True
    ]


def test_who_reported_sees_it_in_their_export_and_is_forgotten(
    place: Place, desk: NoticeReportService, report: Report
) -> None:
    name = place.publish().name
    report(name, place.host, "I am named in it.")
    export = personal_data_pb2.ExportParticipationRequest(name=place.host.person)

    exported = place.ask(place.host, place.participation.ExportParticipation, export)
    with place.database.begin() as session:
        on_person_erased(session, identity.PersonErased(person=place.host.person))

    assert [each.text for each in exported.reports] == ["I am named in it."]
    request = pb.ListNoticeReportsRequest(parent=name)
    (kept,) = place.ask(place.operator, desk.ListNoticeReports, request).reports
    assert (kept.reporter, kept.text, kept.state) == ("", "", OPEN)
