"""The last step of signing in, whichever way somebody came: a session, or a challenge for the second factor."""

from __future__ import annotations

from datetime import datetime

from interchange.identity.v1 import sessions_pb2 as pb

from chassis.database import Database
from chassis.errors import FailedPrecondition
from services.identity.people.models import Person
from services.identity.second_factors import challenges, factors
from services.identity.sessions import lockout
from services.identity.sessions.opening import Opened, Opening


class Entering:
    """Lets people in who have shown who they are."""

    def __init__(self, database: Database, opening: Opening) -> None:
        self._begin = database.begin
        self._opening = opening

    def enter(self, person: Person, *, at: datetime, has_second_factor: bool = False) -> pb.Session:
        """Tokens; Unauthenticated SECOND_FACTOR_NEEDED, with a challenge, when one is still to be given."""
        if not person.is_confirmed:
            raise FailedPrecondition(
                "EMAIL_NOT_CONFIRMED", "confirm your address first: follow the link in our mail"
            )
        opened = self._step(person, at, has_second_factor)
        if isinstance(opened, str):
            raise challenges.needed(opened)
        return self._opening.tokens(opened, at=at)

    def _step(self, person: Person, at: datetime, has_second_factor: bool) -> Opened | str:
        """What they get: a session, or a challenge."""
        with self._begin() as session:
            if not has_second_factor and factors.is_on(session, person.id):
                return challenges.issue(session, person, at=at)
            # Not before the last step: who knows the password only may not try codes without end.
            lockout.clear(session, person.email)
            return self._opening.open(session, person, at=at, has_second_factor=has_second_factor)
