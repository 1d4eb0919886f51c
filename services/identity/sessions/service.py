"""SessionService: signing in and out, and the keys that tokens are signed with."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from grpc import ServicerContext
from interchange.identity.v1 import events_pb2 as events
from interchange.identity.v1 import sessions_pb2 as pb
from interchange.identity.v1 import sessions_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis.auth import Jwk, Principal, principal
from chassis.bus import publish
from chassis.clock import now
from chassis.database import Database
from chassis.errors import FailedPrecondition, NotFound, Unauthenticated
from chassis.names import parse_name
from services.identity.managers.queries import managed_by
from services.identity.people.models import Person, normalised
from services.identity.people.queries import with_organisation
from services.identity.sessions import lockout, queries
from services.identity.sessions.ending import Endings
from services.identity.sessions.keys import Keys
from services.identity.sessions.models import OpenSession, session_of
from services.identity.sessions.opening import Opening
from services.identity.sessions.passwords import Passwords

CURRENT = "sessions/current"

# One sentence for all: who registers an address must not learn from it whether somebody has it.
WRONG_CREDENTIALS = (
    "email or password is wrong, or the address of a new account is not confirmed yet: "
    "follow the link in our mail"
)


class SessionService(rpc.SessionServiceServicer):
    """Sessions of people; each caller sees their own."""

    def __init__(
        self,
        database: Database,
        opening: Opening,
        endings: Endings,
        keys: Keys,
        passwords: Passwords,
    ) -> None:
        self._begin = database.begin
        self._read = database.read
        self._opening = opening
        self._endings = endings
        self._keys = keys
        self._passwords = passwords

    def CreateSession(self, request: pb.CreateSessionRequest, _: ServicerContext) -> pb.Session:
        email, at = normalised(request.email), now()
        person = self._authenticate(email, request.password, at)
        if not person.is_confirmed:
            raise FailedPrecondition(
                "EMAIL_NOT_CONFIRMED", "confirm your address first: follow the link in our mail"
            )
        with self._begin() as session:
            lockout.clear(session, email)
            opened = self._opening.open(session, person, at=at)
        return self._opening.tokens(opened, at=at)

    def RefreshSession(self, request: pb.RefreshSessionRequest, _: ServicerContext) -> pb.Session:
        at = now()
        with self._begin() as session:
            opened = self._opening.refresh(session, request.refresh_token, at=at)
        if opened is None:
            raise Unauthenticated(
                "REFRESH_TOKEN_REUSED", "this token was used before: sign in again to be safe"
            )
        return self._opening.tokens(opened, at=at)

    def DeleteSession(self, request: pb.DeleteSessionRequest, _: ServicerContext) -> Empty:
        with self._begin() as session:
            found = self._load_own(session, request.name)
            self._endings.end_one(session, found, at=now())
        return Empty()

    def RevokeSessions(self, request: pb.RevokeSessionsRequest, _: ServicerContext) -> Empty:
        with self._begin() as session:
            self._endings.end(session, _person(principal()), at=now())
        return Empty()

    def GetMe(self, request: pb.GetMeRequest, _: ServicerContext) -> pb.Me:
        identifier = _person(principal())
        with self._read() as session:
            found = with_organisation(session, [identifier])
            manages = managed_by(session, identifier)
        if not found:
            raise Unauthenticated("TOKEN_REVOKED", "this session has ended: sign in again")
        return _me(*found[0], manages)

    def ListSigningKeys(
        self, request: pb.ListSigningKeysRequest, _: ServicerContext
    ) -> pb.ListSigningKeysResponse:
        return pb.ListSigningKeysResponse(keys=map(_to_proto, self._keys.public()))

    def RotateSigningKey(
        self, request: pb.RotateSigningKeyRequest, _: ServicerContext
    ) -> pb.SigningKey:
        with self._begin() as session:
            key = self._keys.rotate(session, principal())
        return _to_proto(key)

    def _authenticate(self, email: str, password: str, at: datetime) -> Person:
        """Who this is. Who is not known costs the same time and gets the same answers."""
        with self._read() as session:
            lockout.require_open(session, email, at=at)
            person, known = queries.by_address(session, email)
        is_right = self._passwords.matches(known, password)
        if person is None or not is_right or person.is_unheard_of:
            self._note_failure(email, person, at)
            raise Unauthenticated("BAD_CREDENTIALS", WRONG_CREDENTIALS)
        if self._passwords.is_outdated(known):
            self._hash_again(person.id, password)
        return person

    def _note_failure(self, email: str, person: Person | None, at: datetime) -> None:
        with self._begin() as session:
            locks = lockout.fail(session, email, at=at)
            if locks and person:
                publish(session, events.AccountLocked(person=person.name))

    def _hash_again(self, person: UUID, password: str) -> None:
        renewed = self._passwords.hash(password)
        with self._begin() as session:
            queries.set_password(session, person, renewed)

    def _load_own(self, session: Session, name: str) -> OpenSession:
        current = session_of(principal().session)
        wanted = current if name == CURRENT else parse_name("sessions", name)
        found = session.get(OpenSession, wanted, with_for_update=True) if wanted else None
        if found is None or found.person_id != _person(principal()):
            raise NotFound("NO_SUCH_SESSION", "you have no such session")
        return found


def _person(who: Principal) -> UUID:
    return parse_name("people", who.person)


def _me(person: Person, organisation_display_name: str, manages: frozenset[str]) -> pb.Me:
    return pb.Me(
        name=person.name,
        display_name=person.display_name,
        email=person.email,
        organisation=person.membership,
        organisation_display_name=organisation_display_name if person.membership else "",
        manages=sorted(manages),
        roles=sorted(person.roles),
        language=person.language or "en",
    )


def _to_proto(key: Jwk) -> pb.SigningKey:
    return pb.SigningKey(
        kid=key["kid"], kty=key["kty"], crv=key["crv"], x=key["x"], alg=key["alg"], use=key["use"]
    )
