"""Which sign-ins belong to whom, in the caller's transaction: found, kept until they are linked, linked, unlinked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from interchange.identity.v1 import events_pb2 as events
from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from chassis.bus import publish
from chassis.errors import AlreadyExists, FailedPrecondition, InvalidArgument
from services.identity import naming
from services.identity.people.models import Person
from services.identity.providers.id_tokens import Identity
from services.identity.providers.models import LINKED_WITHIN, LinkedIdentity, Unlinked
from services.identity.sessions.queries import password_hash
from services.identity.sessions.secret_tokens import digest, generate
from services.identity.storing import stored


def find(session: Session, identity: Identity) -> LinkedIdentity | None:
    """By issuer and subject alone."""
    statement = select(LinkedIdentity).where(
        LinkedIdentity.issuer == identity.issuer, LinkedIdentity.subject == identity.subject
    )
    return session.scalars(statement).one_or_none()


def keep(session: Session, identity: Identity, organisation: UUID, *, at: datetime) -> str:
    """A token with which whoever has it may link this sign-in to their account, once."""
    token = generate()
    session.add(
        Unlinked(
            digest=digest(token),
            organisation_id=organisation,
            issuer=identity.issuer,
            subject=identity.subject,
            expire_time=at + LINKED_WITHIN,
        )
    )
    return token


def link(
    session: Session, person: Person, token: str, *, at: datetime, field: str
) -> LinkedIdentity:
    """Use a link token up. InvalidArgument BAD_TOKEN, or AlreadyExists IDENTITY_TAKEN when it is another's."""
    waiting = _use(session, token, at, field)
    made = LinkedIdentity(
        person_id=person.id,
        organisation_id=waiting.organisation_id,
        issuer=waiting.issuer,
        subject=waiting.subject,
        create_time=at,
    )
    if not stored(session, made):
        raise AlreadyExists(
            "IDENTITY_TAKEN", "this sign-in is linked to an account already", field=field
        )
    publish(session, events.IdentityLinked(person=person.name, organisation=made.organisation))
    return made


def unlink(session: Session, linked: LinkedIdentity) -> None:
    """FailedPrecondition ONLY_WAY_IN when there would be no other."""
    others = [each for each in of(session, linked.person_id) if each.id != linked.id]
    if not others and not password_hash(session, linked.person_id):
        raise FailedPrecondition(
            "ONLY_WAY_IN", "without it you could not sign in: ask for a password first"
        )
    _remove(session, linked)


def leave(session: Session, person: Person, organisation: UUID) -> None:
    """Whoever leaves an organisation does not come in through it any more, nor does it for them."""
    for each in of(session, person.id):
        if each.organisation_id == organisation:
            _remove(session, each)


def of(session: Session, person: UUID) -> Sequence[LinkedIdentity]:
    statement = select(LinkedIdentity).where(LinkedIdentity.person_id == person)
    return session.scalars(statement.order_by(LinkedIdentity.id)).all()


def has_any(session: Session, person: UUID) -> bool:
    return bool(session.scalar(select(exists().where(LinkedIdentity.person_id == person))))


def _use(session: Session, token: str, at: datetime, field: str) -> Unlinked:
    statement = select(Unlinked).where(Unlinked.digest == digest(token)).with_for_update()
    found = session.scalars(statement).one_or_none()
    if found is None or at >= found.expire_time:
        raise InvalidArgument(
            "BAD_TOKEN",
            "was used, or is too old: sign in through your organisation again",
            field=field,
        )
    session.execute(delete(Unlinked).where(Unlinked.digest == found.digest))
    return found


def _remove(session: Session, linked: LinkedIdentity) -> None:
    session.delete(linked)
    session.flush()
    person = naming.person_name(linked.person_id)
    publish(session, events.IdentityUnlinked(person=person, organisation=linked.organisation))
