"""Between the two steps of signing in: who has taken the first one, for a few minutes and a few tries."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.errors import Unauthenticated
from services.identity.people.models import Person
from services.identity.second_factors.models import ANSWERED_WITHIN, Challenge
from services.identity.sessions.secret_tokens import digest, generate


def issue(session: Session, person: Person, *, at: datetime) -> str:
    """A challenge for who has just taken the first step."""
    token = generate()
    session.add(
        Challenge(digest=digest(token), person_id=person.id, expire_time=at + ANSWERED_WITHIN)
    )
    return token


def lock(session: Session, token: str, *, at: datetime) -> Challenge:
    """An open challenge, in one hand until the transaction ends; Unauthenticated BAD_CHALLENGE."""
    statement = select(Challenge).where(Challenge.digest == digest(token)).with_for_update()
    found = session.scalars(statement).one_or_none()
    if found is None or not found.is_open(at):
        raise Unauthenticated(
            "BAD_CHALLENGE", "this took too long, or too many tries: sign in again"
        )
    return found


def needed(token: str) -> Unauthenticated:
    """What the first step is answered with."""
    return Unauthenticated(
        "SECOND_FACTOR_NEEDED",
        "send this challenge with a code of your authenticator app to /v1/sessions:answerChallenge",
        challenge=token,
        expires_in=str(int(ANSWERED_WITHIN.total_seconds())),
    )
