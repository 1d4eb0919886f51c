"""Preferences by whose they are; who has never chosen has the defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chassis.auth import principal
from chassis.errors import NotFound, PermissionDenied
from chassis.etags import check
from chassis.names import format_name, parse
from services.notifications.policy import is_person
from services.notifications.preferences.models import ENGLISH, Frequency, Preferences, new_token

PATTERN = "people/*/preferences"


def own(name: str, *, field: str = "name") -> str:
    """The caller's own name, from that of their preferences; PermissionDenied for anybody else's."""
    (identifier,) = parse(name, PATTERN, field=field)
    person = format_name("people", identifier)
    if not is_person(principal(), person):
        raise PermissionDenied("NOT_YOURS", "people see and change their own preferences only")
    return person


def get(session: Session, person: str) -> Preferences:
    """A person's preferences, which need not be stored."""
    return session.get(Preferences, person) or Preferences(person=person)


def load_for_change(session: Session, person: str, etag: str) -> Preferences:
    """A person's preferences, stored, that nobody else changes meanwhile."""
    known(session, [person])
    found = session.get_one(Preferences, person, with_for_update=True, populate_existing=True)
    check(etag, found.version)
    return found


def load_by_token(session: Session, token: str) -> Preferences:
    """Whose mail the token is from."""
    statement = select(Preferences).where(Preferences.unsubscribe_token == token)
    found = session.scalars(statement.with_for_update()).one_or_none()
    if found is None:
        raise NotFound("NO_SUCH_SUBSCRIPTION", "this link is not, or no longer, one of ours")
    return found


def known(session: Session, people: Sequence[str]) -> Mapping[str, Preferences]:
    """Preferences by person, in order; who has none gets the defaults."""
    found = _stored(session, people)
    new = sorted(person for person in people if person not in found)  # all lock in one order
    if new:
        session.execute(upsert(Preferences).on_conflict_do_nothing(), list(map(_defaults, new)))
        found = _stored(session, people)
    return {person: found[person] for person in people}


def learn_language(session: Session, person: str, language: str) -> None:
    """Remember in which language to tell a person the next thing."""
    session.execute(
        update(Preferences)
        .where(Preferences.person == person, Preferences.language != language)
        .values(language=language)
    )


def forget(session: Session, person: str) -> None:
    session.execute(delete(Preferences).where(Preferences.person == person))


def _stored(session: Session, people: Sequence[str]) -> Mapping[str, Preferences]:
    statement = select(Preferences).where(Preferences.person.in_(people))
    return {each.person: each for each in session.scalars(statement)}


def _defaults(person: str) -> dict[str, object]:
    return {
        "person": person,
        "frequency": Frequency.INSTANT,
        "language": ENGLISH,
        "unsubscribe_token": new_token(),
        "alerts_off": False,
        "version": 1,
    }
