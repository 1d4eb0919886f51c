"""Opening sessions and refreshing them: what tokens say, how long they live, and theft of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from interchange.identity.v1 import events_pb2 as events
from interchange.identity.v1 import sessions_pb2 as pb
from sqlalchemy.orm import Session

from chassis.auth import Principal, sign_access_token
from chassis.bus import publish
from chassis.errors import Unauthenticated
from services.identity.managers.queries import managed_by
from services.identity.people.models import Person
from services.identity.second_factors import demands
from services.identity.sessions import queries
from services.identity.sessions.ending import Endings
from services.identity.sessions.keys import Keys
from services.identity.sessions.models import OpenSession, RefreshToken
from services.identity.sessions.secret_tokens import digest, generate


@dataclass(frozen=True, slots=True)
class Lives:
    """How long tokens and sessions live."""

    access_s: int
    refresh_s: int
    session_s: int

    def ends(self, opened_at: datetime, at: datetime) -> datetime:
        """When a session ends that is used no more: never later than any session may."""
        unused = at + timedelta(seconds=self.refresh_s)
        return min(unused, opened_at + timedelta(seconds=self.session_s))


@dataclass(frozen=True, slots=True)
class Opened:
    """Who the session is for, and the refresh token to hand out once."""

    principal: Principal
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Rights:
    """What a session says its person may do, and where it stands with the second factor."""

    manages: frozenset[str]
    roles: frozenset[str]
    second_factor: pb.SecondFactorState.ValueType


class Opening:
    """Opens sessions and refreshes them, in the caller's transaction."""

    def __init__(self, keys: Keys, endings: Endings, lives: Lives, *, region: str) -> None:
        self._keys = keys
        self._endings = endings
        self._lives = lives
        self._region = region

    def open(
        self, session: Session, person: Person, *, at: datetime, has_second_factor: bool
    ) -> Opened:
        opened = OpenSession(
            person_id=person.id,
            create_time=at,
            refresh_time=at,
            expire_time=self._lives.ends(at, at),
            has_second_factor=has_second_factor,
        )
        session.add(opened)
        session.flush()
        return self._hand_out(session, person, opened)

    def refresh(self, session: Session, token: str, *, at: datetime) -> Opened | None:
        """A new token for a used one. None when it was used before: the session has been ended."""
        found = queries.lock_refreshed(session, digest(token))
        if found is None or at >= found[1].expire_time:
            raise Unauthenticated("BAD_REFRESH_TOKEN", "your session has ended: sign in again")
        used, opened = found
        person = session.get_one(Person, opened.person_id)
        if used.use_time:
            self._endings.end_one(session, opened, at=at)
            publish(session, events.SessionCompromised(person=person.name))
            return None
        used.use_time = at
        opened.refresh(at=at, expire_time=self._lives.ends(opened.create_time, at))
        return self._hand_out(session, person, opened)

    def tokens(self, opened: Opened, *, at: datetime) -> pb.Session:
        """What the caller gets. Signed when the transaction is over: a slow one would shorten its life."""
        access_token = sign_access_token(
            self._keys.signing(),
            opened.principal,
            region=self._region,
            ttl_s=self._lives.access_s,
            at=at,
        )
        return pb.Session(
            access_token=access_token,
            refresh_token=opened.refresh_token,
            expires_in=self._lives.access_s,
            person=opened.principal.person,
        )

    def rights(self, session: Session, person: Person, opened: OpenSession) -> Rights:
        """What the session lets its person do: little, while it has no second factor and must have one."""
        manages = managed_by(session, person.id)
        is_asked_for = demands.is_asked_for(session, self._region, person, manages)
        state = demands.state(is_given=opened.has_second_factor, is_asked_for=is_asked_for)
        if state == pb.MISSING:
            return Rights(frozenset(), frozenset(), state)
        return Rights(manages, person.roles, state)

    def _hand_out(self, session: Session, person: Person, opened: OpenSession) -> Opened:
        token = generate()
        session.add(RefreshToken(digest=digest(token), session_id=opened.id))
        rights = self.rights(session, person, opened)
        principal = Principal(
            person=person.name,
            organisation=person.membership,
            manages=rights.manages,
            roles=rights.roles,
            session=opened.sid,
        )
        return Opened(principal, token)
