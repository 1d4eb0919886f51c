"""What managers and beneficiaries are told of notices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1.notices_pb2 import Notice
from sqlalchemy.orm import Session

from chassis.clock import now
from chassis.timestamps import from_proto
from services.notifications.audience.queries import answering, managers, operators
from services.notifications.inbox.settling import settle
from services.notifications.inbox.telling import tell

# So long ahead NoticeExpiring is said, again when the closing date has changed.
TOLD_AHEAD = timedelta(days=7)
# What asks for something of a notice that is not closed.
ASKING = ("notice-submitted", "notice-returned", "notice-expiring", "notice-reassigned")


def on_submitted(session: Session, event: events.NoticeSubmitted) -> None:
    """The organisation's other managers may publish it; a lone manager knows."""
    settle(session, event.notice.name, "notice-returned")
    others = managers(session, event.notice.organisation)
    _tell(session, "notice-submitted", [e for e in others if e != event.manager], event.notice)


def on_returned(session: Session, event: events.NoticeReturned) -> None:
    settle(session, event.notice.name, "notice-submitted")
    told = answering(session, event.manager, event.notice.organisation)
    _tell(session, "notice-returned", told, event.notice)


def on_reported(session: Session, event: events.NoticeReported) -> None:
    """Operators, and not the notice's managers: whoever reports must not have to fear them."""
    told = operators(session)
    tell(session, "notice-reported", told, about=event.report, **_facts(event.notice))


def on_report_settled(session: Session, event: events.NoticeReportSettled) -> None:
    settle(session, event.report, "notice-reported")
    _tell(session, "notice-report-settled", [event.reporter], event.notice, is_gone=event.is_gone)


def on_published(session: Session, event: events.NoticePublished) -> None:
    settle(session, event.notice.name, "notice-submitted", "notice-returned")
    _tell_both(session, "notice-published", event)


def on_revised(session: Session, event: events.NoticeRevised) -> None:
    """It may have been given a later closing date."""
    if from_proto(event.notice.close_time) > now() + TOLD_AHEAD:
        settle(session, event.notice.name, "notice-expiring")


def on_closed(session: Session, event: events.NoticeClosed) -> None:
    settle(session, event.notice.name, *ASKING)
    reason = Notice.ClosingReason.Name(event.notice.closing_reason)
    _tell_both(session, "notice-closed", event, reason=reason)


def on_expiring(session: Session, event: events.NoticeExpiring) -> None:
    told = answering(session, event.manager, event.notice.organisation)
    settle(session, event.notice.name, "notice-expiring")
    close_day = from_proto(event.notice.close_time).date()
    _tell(session, "notice-expiring", told, event.notice, close_day=close_day)


def on_reassigned(session: Session, event: events.NoticeReassigned) -> None:
    settle(session, event.notice.name, "notice-reassigned")
    _tell(session, "notice-reassigned", [event.manager], event.notice)


def _tell_both(
    session: Session,
    template: str,
    event: events.NoticePublished | events.NoticeClosed,
    **facts: object,
) -> None:
    """The manager who answers for it, and whom it is for: who is both, is told as whom it is for."""
    _tell(session, template, [event.beneficiary], event.notice, for_you=True, **facts)
    manager = [each for each in [event.manager] if each != event.beneficiary]
    _tell(session, template, manager, event.notice, for_you=False, **facts)


def _tell(
    session: Session, template: str, people: Sequence[str], notice: Notice, **facts: object
) -> None:
    tell(session, template, people, about=notice.name, **_facts(notice), **facts)


def _facts(notice: Notice) -> dict[str, str]:
    return {"title": notice.title, "organisation": notice.organisation_display_name}
