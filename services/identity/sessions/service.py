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
from chassis.errors import NotFound, PermissionDenied, Unauthenticated
from chassis.names import parse_name
from chassis.pages import paginate
from services.identity.audit import log
from services.identity.naming import person_name
from services.identity.people.models import Person, normalised
from services.identity.people.queries import with_organisation
from services.identity.second_factors import challenges, factors
from services.identity.second_factors.factors import Factors
from services.identity.sessions import lockout, queries
from services.identity.sessions.convert import lockout_to_proto, me_to_proto, session_to_proto
from services.identity.sessions.ending import Endings
from services.identity.sessions.entering import Entering
from services.identity.sessions.keys import Keys
from services.identity.sessions.models import Failures, OpenSession, session_of
from services.identity.sessions.opening import Opened, Opening
from services.identity.sessions.passwords import Passwords

CURRENT = "sessions/current"
EVERYBODY = "people/-"

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
        second_factors: Factors,
    ) -> None:
        self._begin = database.begin
        self._read = database.read
        self._opening = opening
        self._entering = Entering(database, opening)
        self._endings = endings
        self._keys = keys
        self._passwords = passwords
        self._factors = second_factors

    def CreateSession(self, request: pb.CreateSessionRequest, _: ServicerContext) -> pb.Session:
        email, at = normalised(request.email), now()
        person = self._authenticate(email, request.password, at)
        return self._entering.enter(person, at=at)

    def AnswerChallenge(self, request: pb.AnswerChallengeRequest, _: ServicerContext) -> pb.Session:
        at = now()
        with self._begin() as session:
            opened = self._answered(session, request, at)
        if opened is None:
            raise factors.wrong_code()
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
            found = self._load_for_end(session, request.name)
            self._endings.end_one(session, found, at=now())
            whose = person_name(found.person_id)
            log.record_operator(session, principal(), "session.end", whose, at=now())
        return Empty()

    def ListSessions(
        self, request: pb.ListSessionsRequest, _: ServicerContext
    ) -> pb.ListSessionsResponse:
        who = principal()
        with self._read() as session:
            page = paginate(
                session,
                queries.open_sessions(_whose(who, request.parent)),
                key=(OpenSession.id.desc(),),
                request=request,
                scope=f"ListSessions {request.parent}",
            )
        shown = [session_to_proto(each, current=session_of(who.session)) for each in page.items]
        return pb.ListSessionsResponse(sessions=shown, next_page_token=page.next_page_token)

    def ListLockouts(
        self, request: pb.ListLockoutsRequest, _: ServicerContext
    ) -> pb.ListLockoutsResponse:
        with self._read() as session:
            page = paginate(
                session,
                lockout.locked(now()),
                key=(Failures.first_time.desc(), Failures.digest),
                request=request,
                scope="ListLockouts",
            )
        return pb.ListLockoutsResponse(
            lockouts=map(lockout_to_proto, page.items), next_page_token=page.next_page_token
        )

    def RevokeSessions(self, request: pb.RevokeSessionsRequest, _: ServicerContext) -> Empty:
        with self._begin() as session:
            self._endings.end(session, _person(principal()), at=now())
        return Empty()

    def GetMe(self, request: pb.GetMeRequest, _: ServicerContext) -> pb.Me:
        identifier, current = _person(principal()), session_of(principal().session)
        with self._read() as session:
            found = with_organisation(session, [identifier])
            opened = session.get(OpenSession, current) if current else None
            if not found or opened is None:
                raise Unauthenticated("TOKEN_REVOKED", "this session has ended: sign in again")
            rights = self._opening.rights(session, found[0][0], opened)
            managed = queries.named(session, rights.manages)
        return me_to_proto(*found[0], rights, managed)

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

    def _answered(
        self, session: Session, request: pb.AnswerChallengeRequest, at: datetime
    ) -> Opened | None:
        """The session that the code opens; None when it is wrong, which is noted."""
        challenge = challenges.lock(session, request.challenge, at=at)
        person = session.get_one(Person, challenge.person_id)
        lockout.require_open(session, person.email, at=at)
        if not self._factors.accepts(session, person.id, request.code, at=at):
            challenge.fail()
            _count_failure(session, person.email, person, at)
            return None
        session.delete(challenge)
        lockout.clear(session, person.email)
        return self._opening.open(session, person, at=at, has_second_factor=True)

    def _note_failure(self, email: str, person: Person | None, at: datetime) -> None:
        with self._begin() as session:
            _count_failure(session, email, person, at)

    def _hash_again(self, person: UUID, password: str) -> None:
        renewed = self._passwords.hash(password)
        with self._begin() as session:
            queries.set_password(session, person, renewed)

    def _load_for_end(self, session: Session, name: str) -> OpenSession:
        """One's own, or anybody's for an operator."""
        who = principal()
        wanted = session_of(who.session) if name == CURRENT else parse_name("sessions", name)
        found = session.get(OpenSession, wanted, with_for_update=True) if wanted else None
        if found is None or not (who.is_operator or found.person_id == _person(who)):
            raise NotFound("NO_SUCH_SESSION", "you have no such session")
        return found


def _count_failure(session: Session, email: str, person: Person | None, at: datetime) -> None:
    locks = lockout.fail(session, email, person.id if person else None, at=at)
    if locks and person:
        publish(session, events.AccountLocked(person=person.name))


def _person(who: Principal) -> UUID:
    return parse_name("people", who.person)


def _whose(who: Principal, parent: str) -> UUID | None:
    """Whose sessions are meant; None for everybody's."""
    if parent == EVERYBODY and who.is_operator:
        return None
    person = parse_name("people", parent, field="parent")
    if not who.is_operator and parent != who.person:
        raise PermissionDenied("NOT_YOURS", "this is for the person themself, or an operator")
    return person


def _to_proto(key: Jwk) -> pb.SigningKey:
    return pb.SigningKey(
        kid=key["kid"], kty=key["kty"], crv=key["crv"], x=key["x"], alg=key["alg"], use=key["use"]
    )
