"""What people are told of new notices that their saved searches found."""

from __future__ import annotations

from interchange.matching.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from services.notifications.inbox.telling import tell

SEARCHES = "savedSearches"  # the page with all of them


def on_found(session: Session, event: events.NoticesFound) -> None:
    """One message, however many were found."""
    found, count = event.found, len(event.found) + event.more
    tell(
        session,
        "notices-found",
        [event.person],
        about=found[0].notice if count == 1 else SEARCHES,
        count=count,
        more=event.more,
        title=found[0].title,
        search_title=found[0].search_title,
        # Titles are one line, whatever was put into them.
        titles=[" ".join(each.title.split()) for each in found],
    )
