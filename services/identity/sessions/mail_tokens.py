"""Tokens that travel by mail: made when the mail is made, kept as hashes, good for one use."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from chassis.errors import InvalidArgument
from services.identity.people.models import Person
from services.identity.sessions.models import Credential, MailToken, Purpose
from services.identity.sessions.secret_tokens import digest, generate

SETS_PASSWORD = (Purpose.RESET_PASSWORD, Purpose.ACCEPT_INVITATION)


def issue(
    session: Session, person: Person, purpose: Purpose, *, issuer: str, expire_time: datetime
) -> str:
    """A new token; the one that the same program had made for the same purpose stops working."""
    session.execute(
        delete(MailToken).where(
            MailToken.person_id == person.id,
            MailToken.purpose == purpose,
            MailToken.issuer == issuer,
        )
    )
    token = generate()
    session.add(
        MailToken(
            digest=digest(token),
            person_id=person.id,
            purpose=purpose,
            issuer=issuer,
            expire_time=expire_time,
        )
    )
    return token


def holder(session: Session, token: str, purposes: Collection[Purpose], *, at: datetime) -> Person:
    """Whose good token this is; InvalidArgument BAD_TOKEN when it is not one (any more)."""
    found = session.get(MailToken, digest(token))
    if found is None or found.purpose not in purposes or at >= found.expire_time:
        raise _bad_token()
    if found.purpose is Purpose.ACCEPT_INVITATION and _has_password(session, found.person_id):
        raise _bad_token()
    return session.get_one(Person, found.person_id)


def use(session: Session, token: str, purposes: Collection[Purpose], *, at: datetime) -> Person:
    """As `holder`, once: nobody else uses it meanwhile, and all of the person's tokens are gone after."""
    _lock_holder(session, token)
    person = holder(session, token, purposes, at=at)
    forget(session, person.id)
    return person


def forget(session: Session, person: UUID) -> None:
    """Nothing that was mailed to a person works any more."""
    session.execute(delete(MailToken).where(MailToken.person_id == person))


def _lock_holder(session: Session, token: str) -> None:
    whose = select(MailToken.person_id).where(MailToken.digest == digest(token))
    statement = select(Person).where(Person.id == whose.scalar_subquery()).with_for_update()
    session.scalars(statement).one_or_none()


def _has_password(session: Session, person: UUID) -> bool:
    return bool(session.scalar(select(exists().where(Credential.person_id == person))))


def _bad_token() -> InvalidArgument:
    return InvalidArgument(
        "BAD_TOKEN", "this link has been used, or is too old: ask for another", field="token"
    )
