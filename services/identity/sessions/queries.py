"""Who signs in, and what is open in their name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from chassis.names import parse_name
from services.identity.organisations.models import Organisation
from services.identity.people.models import Person
from services.identity.sessions.models import Credential, OpenSession, RefreshToken


def by_address(session: Session, email: str) -> tuple[Person | None, str]:
    """Who has this address, and the hash of their password: empty when they have none."""
    statement = (
        select(Person, Credential.password_hash)
        .outerjoin(Credential, Credential.person_id == Person.id)
        .where(Person.email == email)
    )
    found = session.execute(statement).one_or_none()
    return (found[0], found[1] or "") if found else (None, "")


def password_hash(session: Session, person: UUID) -> str:
    """Empty when they have none."""
    known = session.get(Credential, person)
    return known.password_hash if known else ""


def set_password(session: Session, person: UUID, password_hash: str) -> None:
    session.merge(Credential(person_id=person, password_hash=password_hash))


def lock_refreshed(session: Session, digest: str) -> tuple[RefreshToken, OpenSession] | None:
    """A refresh token and its session, in one hand until the transaction ends.

    The session is locked before its token, as it is by whoever ends it.
    """
    opened = session.scalars(
        select(OpenSession)
        .join(RefreshToken, RefreshToken.session_id == OpenSession.id)
        .where(RefreshToken.digest == digest)
        .with_for_update(of=OpenSession)
    ).one_or_none()
    token = session.get(RefreshToken, digest) if opened else None
    return (token, opened) if token and opened else None


def sessions_of(session: Session, person: UUID) -> Sequence[OpenSession]:
    """What is open in a person's name, oldest first."""
    statement = select(OpenSession).where(OpenSession.person_id == person)
    return session.scalars(statement.order_by(OpenSession.id)).all()


def open_sessions(person: UUID | None) -> Select[OpenSession]:
    """What ListSessions pages through: a person's, or everybody's."""
    statement = select(OpenSession)
    return statement.where(OpenSession.person_id == person) if person else statement


def named(session: Session, organisations: Collection[str]) -> Sequence[tuple[str, str]]:
    """Organisations with their display names, by those."""
    ids = [parse_name("organisations", each) for each in organisations]
    statement = (
        select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.sort_name)
    )
    return [(each.name, each.display_name) for each in session.scalars(statement)]
