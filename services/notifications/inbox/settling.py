"""What people were asked to do is dealt with, by whomever: their messages say so, and no mail asks for it any more."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from chassis.bus import current_event
from chassis.clock import now
from services.notifications.inbox.models import Ask, Message


def settle(
    session: Session, about: str, *templates: str, people: Collection[str] | None = None
) -> None:
    """What these templates ask for of this thing waits for nobody any more; given people, for none of them.

    What the event in hand itself asks for stays open, also when it is handled again.
    """
    dealt_with = delete(Ask).where(
        Ask.about == about, Ask.template.in_(templates), Ask.event_id != current_event().id
    )
    if people is not None:
        dealt_with = dealt_with.where(Ask.person.in_(people))
    # Most notices asked nobody for anything: for them this is all, and nothing in the session is of these tables.
    found = session.scalars(
        dealt_with.returning(Ask.message_id), execution_options={"synchronize_session": False}
    )
    if messages := found.all():
        session.execute(
            update(Message)
            .where(Message.id.in_(messages))
            .values(settle_time=now(), waits_for_digest=False)
        )
