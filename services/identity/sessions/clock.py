"""What time takes away: sessions, tokens, failures, keys, and registrations that nobody confirmed."""

from __future__ import annotations

from datetime import datetime, timedelta

from interchange.identity.v1 import events_pb2 as events
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from chassis.bus import publish
from chassis.database import Database
from services.identity.people.models import Person, State
from services.identity.providers.models import Flow, Unlinked
from services.identity.second_factors.models import Challenge
from services.identity.sessions.keys import Keys
from services.identity.sessions.models import (
    LOCKED_FOR,
    WITHIN,
    Failures,
    MailToken,
    OpenSession,
    RefreshToken,
    Revocation,
)

# A refresh token that was used longer ago is refused like one that was made up.
USED_KEPT = timedelta(days=2)


def tidy(database: Database, keys: Keys, *, registration_ttl_s: int, at: datetime) -> None:
    """Delete what has ended. Several instances may do so at once."""
    for table, is_over in _over(at):
        with database.begin() as session:
            session.execute(delete(table).where(is_over))
    with database.begin() as session:
        keys.forget_old(session)
    with database.begin() as session:
        _drop_registrations(session, before=at - timedelta(seconds=registration_ttl_s))


def _over(at: datetime) -> list[tuple[type[object], ColumnElement[bool]]]:
    """By table, which rows; an ended session takes its refresh tokens along."""
    return [
        (OpenSession, OpenSession.expire_time <= at),
        (RefreshToken, RefreshToken.use_time <= at - USED_KEPT),
        (MailToken, MailToken.expire_time <= at),
        (Challenge, Challenge.expire_time <= at),
        (Flow, Flow.expire_time <= at),
        (Unlinked, Unlinked.expire_time <= at),
        (Revocation, Revocation.until <= at),
        (Failures, Failures.first_time <= at - max(WITHIN, LOCKED_FOR)),
    ]


def _drop_registrations(session: Session, *, before: datetime) -> None:
    """Whoever gave the address may not be its owner: it is not ours to keep, nor anybody's."""
    unconfirmed = select(Person).where(
        Person.state == State.PENDING,
        Person.create_time <= before,
        Person.email_confirm_time.is_(None),
    )
    for person in session.scalars(unconfirmed.with_for_update(skip_locked=True)).all():
        session.delete(person)
        publish(session, events.PersonErased(person=person.name))
