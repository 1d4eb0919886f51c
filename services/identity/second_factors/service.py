"""SecondFactorService: people turn their second factor on and off, operators help who has lost it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from grpc import ServicerContext
from interchange.identity.v1 import events_pb2 as events
from interchange.identity.v1 import second_factors_pb2 as pb
from interchange.identity.v1 import second_factors_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis.auth import principal
from chassis.bus import publish
from chassis.clock import now
from chassis.database import Database
from chassis.errors import FailedPrecondition, InvalidArgument, PermissionDenied
from chassis.names import parse
from chassis.timestamps import to_proto as stamp
from services.identity.audit import log
from services.identity.limits import OWN_SECRET, Limits
from services.identity.managers.queries import managed_by
from services.identity.naming import person_name
from services.identity.people.models import Person, normalised
from services.identity.people.queries import find_by_email, load, lock_known, no_such_person
from services.identity.policy import is_person
from services.identity.second_factors import demands, factors, totp
from services.identity.second_factors.factors import Factors
from services.identity.sessions.ending import Endings
from services.identity.sessions.models import OpenSession, session_of
from services.identity.sessions.passwords import Passwords
from services.identity.sessions.queries import password_hash

PATTERN = "people/*/secondFactor"


class SecondFactorService(rpc.SecondFactorServiceServicer):
    """Each person's own second factor."""

    def __init__(
        self,
        database: Database,
        second_factors: Factors,
        endings: Endings,
        passwords: Passwords,
        limits: Limits,
        *,
        region: str,
    ) -> None:
        self._begin = database.begin
        self._read = database.read
        self._factors = second_factors
        self._endings = endings
        self._passwords = passwords
        self._limits = limits
        self._region = region

    def GetSecondFactor(
        self, request: pb.GetSecondFactorRequest, _: ServicerContext
    ) -> pb.SecondFactor:
        with self._read() as session:
            person = load(session, person_name(*parse(request.name, PATTERN)))
            if not (is_person(principal(), person) or principal().is_operator):
                raise no_such_person(request.name)
            return self._to_proto(session, person)

    def BeginSecondFactor(
        self, request: pb.BeginSecondFactorRequest, _: ServicerContext
    ) -> pb.SecondFactorSecret:
        person = self._own(request.name)
        self._require_password(person, request.password)
        with self._begin() as session:
            account = load(session, person_name(person)).email
            secret = self._factors.begin(session, person, at=now())
        uri = totp.uri(secret, account=account, issuer=f"Interchange {self._region}")
        return pb.SecondFactorSecret(secret=secret, otpauth_uri=uri)

    def ConfirmSecondFactor(
        self, request: pb.ConfirmSecondFactorRequest, _: ServicerContext
    ) -> pb.RecoveryCodes:
        person, at = self._own(request.name), now()
        self._limits.require(OWN_SECRET, str(person))
        with self._begin() as session:
            fresh = self._factors.confirm(session, person, request.code, at=at)
            self._strengthen(session, person, at)
        return pb.RecoveryCodes(recovery_codes=fresh)

    def RenewRecoveryCodes(
        self, request: pb.RenewRecoveryCodesRequest, _: ServicerContext
    ) -> pb.RecoveryCodes:
        person = self._own(request.name)
        self._limits.require(OWN_SECRET, str(person))
        with self._begin() as session:
            self._require_code(session, person, request.code)
            fresh = self._factors.renew_codes(session, person)
        return pb.RecoveryCodes(recovery_codes=fresh)

    def TurnOffSecondFactor(
        self, request: pb.TurnOffSecondFactorRequest, _: ServicerContext
    ) -> Empty:
        person = self._own(request.name)
        has_password = self._require_password(person, request.password)
        with self._begin() as session:
            self._require_may_be_off(session, lock_known(session, person_name(person)))
            factors.require_on(session, person)
            if not has_password:
                self._require_code(session, person, request.code)
            factors.remove(session, person)
            publish(session, events.SecondFactorTurnedOff(person=person_name(person)))
        return Empty()

    def ResetSecondFactor(self, request: pb.ResetSecondFactorRequest, _: ServicerContext) -> Empty:
        who, at = principal(), now()
        with self._begin() as session:
            person = self._lost(session, request.name)
            if is_person(who, person):
                raise PermissionDenied("NOT_FOR_ONESELF", "this is for another operator to do")
            factors.require_on(session, person.id)
            factors.remove(session, person.id)
            self._endings.end(session, person.id, at=at)
            publish(session, events.SecondFactorReset(person=person.name))
            log.append(
                session, who, "person.resetSecondFactor", person.name, at=at, detail=request.note
            )
        return Empty()

    def _own(self, name: str) -> UUID:
        """The caller's own id."""
        (found,) = parse(name, PATTERN)
        if person_name(found) != principal().person:
            raise PermissionDenied("NOT_YOURS", "this is for the person themself to do")
        return found

    def _lost(self, session: Session, name: str) -> Person:
        """Whose it is: by id, or by address for the region's own command, which knows no ids."""
        collection, _, rest = name.partition("/")
        address = rest.removesuffix("/secondFactor")
        if principal().is_service and collection == "people" and "@" in address:
            found = find_by_email(session, normalised(address))
            if found is None:
                raise no_such_person(name)
            return found
        return lock_known(session, person_name(*parse(name, PATTERN)))

    def _require_password(self, person: UUID, password: str) -> bool:
        """Whether they have one, which is then the right one; else InvalidArgument."""
        self._limits.require(OWN_SECRET, str(person))
        with self._read() as session:
            known = password_hash(session, person)
        if known and not self._passwords.matches(known, password):
            raise InvalidArgument(
                "WRONG_PASSWORD", "is not your present password", field="password"
            )
        return bool(known)

    def _require_code(self, session: Session, person: UUID, code: str) -> None:
        factors.require_on(session, person)
        if not self._factors.accepts(session, person, code, at=now()):
            raise factors.wrong_code()

    def _require_may_be_off(self, session: Session, person: Person) -> None:
        if self._is_asked_for(session, person):
            raise FailedPrecondition(
                "SECOND_FACTOR_REQUIRED",
                "the region asks managers and operators for a second factor",
            )

    def _is_asked_for(self, session: Session, person: Person) -> bool:
        return demands.is_asked_for(session, self._region, person, managed_by(session, person.id))

    def _strengthen(self, session: Session, person: UUID, at: datetime) -> None:
        """The present session has shown a code; its next tokens say what the person may do. Others end."""
        current = session_of(principal().session)
        self._endings.end(session, person, at=at, but=current)
        opened = session.get(OpenSession, current) if current else None
        if opened:
            opened.has_second_factor = True
            self._endings.renew(session, person, at=at)

    def _to_proto(self, session: Session, person: Person) -> pb.SecondFactor:
        known = factors.find(session, person.id)
        is_on = known is not None and known.is_on
        return pb.SecondFactor(
            name=f"{person.name}/secondFactor",
            enabled=is_on,
            required=self._is_asked_for(session, person),
            confirm_time=stamp(known.confirm_time) if known and known.confirm_time else None,
            recovery_codes_left=factors.codes_left(session, person.id) if is_on else 0,
            has_password=bool(password_hash(session, person.id)),
        )
