"""What managers and beneficiaries are told of notices."""

from __future__ import annotations

from collections.abc import Sequence

from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1.notices_pb2 import Notice
from sqlalchemy.orm import Session

from chassis.timestamps import from_proto
from services.notifications.audience.queries import answering, managers, operators
from services.notifications.inbox.telling import tell


def on_submitted(session: Session, event: events.NoticeSubmitted) -> None:
    """The organisation's other managers may publish it; a lone manager knows."""
    others = managers(session, event.notice.organisation)
    _tell(session, "notice-submitted", [e for e in others if e != event.manager], event.notice)


def on_returned(session: Session, event: events.NoticeReturned) -> None:
    told = answering(session, event.manager, event.notice.organisation)
    _tell(session, "notice-returned", told, event.notice)


def on_reported(session: Session, event: events.NoticeReported) -> None:
    """Operators, and not the notice's managers: whoever reports must not have to fear them."""
    _tell(session, "notice-reported", operators(session), event.notice)


def on_report_settled(session: Session, event: events.NoticeReportSettled) -> None:
    _tell(session, "notice-report-settled", [event.reporter], event.notice, is_gone=event.is_gone)


def on_published(session: Session, event: events.NoticePublished) -> None:
    _tell_both(session, "notice-published", event)


def on_closed(session: Session, event: events.NoticeClosed) -> None:
    reason = Notice.ClosingReason.Name(event.notice.closing_reason)
    _tell_both(session, "notice-closed", event, reason=reason)


def on_expiring(session: Session, event: events.NoticeExpiring) -> None:
    told = answering(session, event.manager, event.notice.organisation)
    close_day = from_proto(event.notice.close_time).date()
    _tell(session, "notice-expiring", told, event.notice, close_day=close_day)


def on_reassigned(session: Session, event: events.NoticeReassigned) -> None:
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
    tell(
        session,
        template,
        people,
        about=notice.name,
        title=notice.title,
        organisation=notice.organisation_display_name,
        **facts,
    )
