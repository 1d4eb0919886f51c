"""CredentialService: addresses confirmed, passwords set, accounts unlocked, operators made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from google.protobuf.empty_pb2 import Empty
from grpc import ServicerContext
from interchange.identity.v1 import events_pb2 as events
from interchange.identity.v1 import sessions_pb2 as pb
from interchange.identity.v1 import sessions_pb2_grpc as rpc

from chassis.auth import principal
from chassis.bus import publish
from chassis.clock import now
from chassis.database import Database
from chassis.errors import InvalidArgument, PermissionDenied
from chassis.timestamps import to_proto as stamp
from services.identity.audit import log
from services.identity.limits import OWN_SECRET, RESET, Limits
from services.identity.people import joining
from services.identity.people.models import Person, normalised
from services.identity.people.queries import find_by_email, load, lock_known
from services.identity.sessions import lockout, mail_tokens, queries
from services.identity.sessions.ending import Endings
from services.identity.sessions.models import Purpose, session_of
from services.identity.sessions.passwords import Passwords, require_good


class CredentialService(rpc.CredentialServiceServicer):
    """What people prove who they are with. `mail_ttls_s` says how long a token for each purpose works."""

    def __init__(
        self,
        database: Database,
        endings: Endings,
        passwords: Passwords,
        limits: Limits,
        mail_ttls_s: Mapping[Purpose, int],
    ) -> None:
        self._begin = database.begin
        self._read = database.read
        self._endings = endings
        self._passwords = passwords
        self._limits = limits
        self._mail_ttls_s = mail_ttls_s

    def ConfirmEmail(self, request: pb.ConfirmEmailRequest, _: ServicerContext) -> Empty:
        at = now()
        with self._begin() as session:
            person = mail_tokens.use(session, request.token, [Purpose.CONFIRM_EMAIL], at=at)
            joining.confirm(session, person, at=at)
        return Empty()

    def RequestPasswordReset(
        self, request: pb.RequestPasswordResetRequest, _: ServicerContext
    ) -> Empty:
        email = normalised(request.email)
        if not self._limits.allow(RESET, email):
            return Empty()  # as if it had been sent: the answer says nothing
        with self._begin() as session:
            known = find_by_email(session, email)
            if known:
                publish(session, events.PasswordResetRequested(person=known.name))
        return Empty()

    def ResetPassword(self, request: pb.ResetPasswordRequest, _: ServicerContext) -> Empty:
        at = now()
        with self._read() as session:
            person = mail_tokens.holder(session, request.token, mail_tokens.SETS_PASSWORD, at=at)
        require_good(request.password, field="password", email=person.email)
        hashed = self._passwords.hash(request.password)
        with self._begin() as session:
            person = mail_tokens.use(session, request.token, mail_tokens.SETS_PASSWORD, at=at)
            queries.set_password(session, person.id, hashed)
            joining.confirm(session, person, at=at)
            lockout.clear(session, person.email)
            self._endings.end(session, person.id, at=at)
        return Empty()

    def ChangePassword(self, request: pb.ChangePasswordRequest, _: ServicerContext) -> Empty:
        person = self._check_own(request)
        require_good(request.new_password, field="new_password", email=person.email)
        hashed = self._passwords.hash(request.new_password)
        current = session_of(principal().session)
        with self._begin() as session:
            queries.set_password(session, person.id, hashed)
            mail_tokens.forget(session, person.id)
            self._endings.end(session, person.id, at=now(), but=current)
        return Empty()

    def UnlockPerson(self, request: pb.UnlockPersonRequest, _: ServicerContext) -> Empty:
        with self._begin() as session:
            person = lock_known(session, request.name)
            lockout.clear(session, person.email)
            log.append(session, principal(), "person.unlock", person.name, at=now())
        return Empty()

    def IssueMailToken(
        self, request: pb.IssueMailTokenRequest, _: ServicerContext
    ) -> pb.IssueMailTokenResponse:
        purpose = Purpose(request.purpose)
        expire_time = now() + timedelta(seconds=self._mail_ttls_s[purpose])
        with self._begin() as session:
            token = mail_tokens.issue(
                session,
                lock_known(session, request.person),
                purpose,
                issuer=principal().service,
                expire_time=expire_time,
            )
        return pb.IssueMailTokenResponse(token=token, expire_time=stamp(expire_time))

    def CreateOperator(
        self, request: pb.CreateOperatorRequest, _: ServicerContext
    ) -> pb.CreateOperatorResponse:
        content = {"display_name": request.display_name, "email": normalised(request.email)}
        hashed = self._first_password(request, content["email"])
        with self._begin() as session:
            person = joining.appoint_operator(session, content, hashed, by=principal(), at=now())
        return pb.CreateOperatorResponse(person=person.name)

    def _first_password(self, request: pb.CreateOperatorRequest, email: str) -> str:
        """Its hash; empty when they are to choose one themselves."""
        if not request.password:
            return ""
        require_good(request.password, field="password", email=email)
        return self._passwords.hash(request.password)

    def _check_own(self, request: pb.ChangePasswordRequest) -> Person:
        """The caller, who has said their present password."""
        who = principal()
        if request.name != who.person:
            raise PermissionDenied("NOT_YOURS", "this is for the person themself to do")
        self._limits.require(OWN_SECRET, who.person)
        with self._read() as session:
            person = load(session, request.name)
            known = queries.password_hash(session, person.id)
        if not self._passwords.matches(known, request.current_password):
            raise InvalidArgument(
                "WRONG_PASSWORD", "is not your present password", field="current_password"
            )
        return person
