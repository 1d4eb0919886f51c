"""What becomes of reports when their notices are gone, and when who reported is erased."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.bus import publish
from services.opportunities.notice_reports import queries
from services.opportunities.notice_reports.convert import settled


def on_notices_closed(session: Session, notices: Collection[UUID], *, at: datetime) -> None:
    """There is nothing left to look at."""
    for report in queries.open_ones(session, notices):
        report.close(at=at)
        publish(session, settled(report))


def on_person_erased(session: Session, person: str) -> None:
    for report in queries.of_reporter(session, person):
        report.forget_reporter()
