"""Telling people: into the inbox at once, and into the mail queue when that is what they want."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chassis.bus import current_event
from chassis.clock import now
from chassis.database import new_id
from services.notifications.audience.queries import living
from services.notifications.deliveries import queue
from services.notifications.deliveries.models import State
from services.notifications.inbox.models import Ask, Message
from services.notifications.preferences import queries as preferences
from services.notifications.preferences.models import DIGESTS, Preferences
from services.notifications.templates.catalogue import CATALOGUE, Template
from services.notifications.templates.texts import texts


def tell(
    session: Session, template: str, people: Iterable[str], *, about: str = "", **facts: object
) -> None:
    """Tell each of these people, once for each event. `facts` are what the template speaks of."""
    kind, at = CATALOGUE[template], now()
    told = living(session, people)
    for person, wishes in preferences.known(session, told).items():
        if kind.is_private:
            queue.add(session, person, kind, at=at)
        else:
            _tell_one(session, wishes, kind, about, facts, at)


def _tell_one(
    session: Session,
    wishes: Preferences,
    kind: Template,
    about: str,
    facts: dict[str, object],
    at: datetime,
) -> None:
    is_wanted = kind.is_urgent or wishes.wants(kind.topic)
    waits = is_wanted and wishes.frequency in DIGESTS and not kind.is_urgent
    text = texts.render(kind.name, wishes.language, **facts)
    statement = upsert(Message).values(
        id=new_id(),
        person=wishes.person,
        event_id=current_event().id,
        template=kind.name,
        language=wishes.language,
        subject=text.subject,
        body=text.body,
        about=about,
        action_needed=kind.action_needed,
        waits_for_digest=waits,
        create_time=at,
    )
    new = session.scalar(statement.on_conflict_do_nothing().returning(Message.id))
    if new and kind.action_needed and about:
        event = current_event().id
        ask = Ask(
            message_id=new, person=wishes.person, event_id=event, template=kind.name, about=about
        )
        session.add(ask)
    if new and not waits:
        state = State.QUEUED if is_wanted else State.SKIPPED
        queue.add(session, wishes.person, kind, message=new, state=state, at=at)
