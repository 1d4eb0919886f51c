"""A region's identity in one process: servicers, and the people who call them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import grpc
from interchange.identity.v1 import audit_pb2
from interchange.identity.v1 import organisations_pb2 as organisations_pb
from interchange.identity.v1 import people_pb2 as people_pb
from interchange.identity.v1 import sessions_pb2 as sessions_pb
from redis import Redis

from chassis.auth import ANONYMOUS, JWKS, Principal, Revocations, Verifier, acting_as
from chassis.database import Database
from services.identity.__main__ import lives, mail_ttls
from services.identity.audit.service import AuditService
from services.identity.config import Config
from services.identity.limits import Limits
from services.identity.organisations.service import OrganisationService
from services.identity.people.service import PersonService
from services.identity.providers.client import OpenIdConnect
from services.identity.providers.fetching import Fetcher
from services.identity.providers.service import IdentityProviderService
from services.identity.regions.service import RegionService
from services.identity.second_factors.factors import Factors
from services.identity.second_factors.service import SecondFactorService
from services.identity.sessions.credentials import CredentialService
from services.identity.sessions.ending import Endings
from services.identity.sessions.entering import Entering
from services.identity.sessions.keys import Keys
from services.identity.sessions.opening import Opening
from services.identity.sessions.passwords import Passwords
from services.identity.sessions.service import SessionService
from tests.support.outbox import everything_announced

PASSWORD = "a-long-enough-password"
SECRET = b"0123456789abcdef0123456789abcdef"
REGION = "east-of-england"
REDIRECT_URI = "http://127.0.0.1:8000/sign-in/callback"
NO_CONTEXT = cast(grpc.ServicerContext, None)

CLI = Principal(service="cli")
NOTIFICATIONS = Principal(service="notifications")
OPPORTUNITIES = Principal(service="opportunities")


class Stub:
    """A servicer called like a stub: by a principal, without a context."""

    def __init__(self, servicer: object) -> None:
        self._servicer = servicer

    def __getattr__(self, method: str) -> Any:
        handler = getattr(self._servicer, method)

        def call(request: object, who: Principal = ANONYMOUS) -> Any:
            with acting_as(who):
                return handler(request, NO_CONTEXT)

        return call


class House:
    """All of identity without a socket of its own, and builders."""

    def __init__(self, database: Database, redis: Redis) -> None:
        config = Config(region=REGION)
        self.database = database
        self.revocations = Revocations(redis)
        self.endings = Endings(self.revocations, access_ttl_s=config.access_ttl_s)
        self.keys = Keys(database, SECRET, access_ttl_s=config.access_ttl_s)
        self.keys.ensure()
        passwords, limits = Passwords(), Limits(redis)
        self.opening = Opening(self.keys, self.endings, lives(config), region=REGION)
        self.verifier = Verifier(
            JWKS(), self.keys.published, self.revocations.is_revoked, region=REGION
        )
        self.regions = Stub(RegionService(database, region=REGION, display_name="East"))
        self.organisations = Stub(OrganisationService(database, self.endings))
        self.people = Stub(PersonService(database, self.endings, passwords, limits))
        self.sessions = Stub(
            SessionService(
                database, self.opening, self.endings, self.keys, passwords, Factors(SECRET)
            )
        )
        self.connect = OpenIdConnect(Fetcher(on_loopback=True), refetch_s=0.0)
        self.providers = Stub(
            IdentityProviderService(
                database,
                SECRET,
                self.connect,
                Entering(database, self.opening),
                redirect_uris=[REDIRECT_URI],
            )
        )
        self.second_factors = Stub(
            SecondFactorService(
                database, Factors(SECRET), self.endings, passwords, limits, region=REGION
            )
        )
        self.credentials = Stub(
            CredentialService(database, self.endings, passwords, limits, mail_ttls(config))
        )
        self.audit = Stub(AuditService(database))
        self._operator: Principal | None = None

    @property
    def operator(self) -> Principal:
        if self._operator is None:
            self.credentials.CreateOperator(
                sessions_pb.CreateOperatorRequest(
                    email="operator@region.example", display_name="Op", password=PASSWORD
                ),
                CLI,
            )
            self._operator = self.principal("operator@region.example")
        return self._operator

    def sign_in(self, email: str, password: str = PASSWORD) -> sessions_pb.Session:
        request = sessions_pb.CreateSessionRequest(email=email, password=password)
        return cast(sessions_pb.Session, self.sessions.CreateSession(request))

    def refresh(self, token: str) -> sessions_pb.Session:
        request = sessions_pb.RefreshSessionRequest(refresh_token=token)
        return cast(sessions_pb.Session, self.sessions.RefreshSession(request))

    def principal(self, email: str) -> Principal:
        """Who signs in with this address, as their token says."""
        return self.verifier.verify(self.sign_in(email).access_token)

    def organisation(
        self, display_name: str = "Norfolk", *, verified: bool = True, **fields: Any
    ) -> str:
        """A registered council; answers its name."""
        fields = {"kind": organisations_pb.Organisation.LOCAL_AUTHORITY, **fields}
        message = organisations_pb.Organisation(display_name=display_name, **fields)
        request = organisations_pb.CreateOrganisationRequest(organisation=message)
        made = self.organisations.CreateOrganisation(request)
        if verified:
            verify = organisations_pb.VerifyOrganisationRequest(name=made.name, note="by phone")
            self.organisations.VerifyOrganisation(verify, self.operator)
        return str(made.name)

    def invited(self, organisation: str, email: str, **fields: Any) -> people_pb.Person:
        """A member whom the operator added."""
        message = a_person(organisation, email, **fields)
        request = people_pb.CreatePersonRequest(person=message)
        return cast(people_pb.Person, self.people.CreatePerson(request, self.operator))

    def member(self, organisation: str, email: str, **fields: Any) -> Principal:
        """A member who has accepted the invitation, signed in."""
        person = self.invited(organisation, email, **fields)
        self.reset(self.mail_token(person.name, sessions_pb.ACCEPT_INVITATION))
        return self.principal(email)

    def registered(self, organisation: str, email: str, **fields: Any) -> people_pb.Person:
        """Somebody who registered themselves; waits for confirmation and approval."""
        message = a_person(organisation, email, password=PASSWORD, **fields)
        request = people_pb.CreatePersonRequest(person=message)
        return cast(people_pb.Person, self.people.CreatePerson(request))

    def confirm(self, person: str) -> None:
        token = self.mail_token(person, sessions_pb.CONFIRM_EMAIL)
        self.credentials.ConfirmEmail(sessions_pb.ConfirmEmailRequest(token=token))

    def approve(self, person: str, by: Principal) -> people_pb.Person:
        request = people_pb.ApprovePersonRequest(name=person)
        return cast(people_pb.Person, self.people.ApprovePerson(request, by))

    def appoint(self, organisation: str, person: str) -> organisations_pb.Manager:
        request = organisations_pb.AppointManagerRequest(name=organisation, person=person)
        made = self.organisations.AppointManager(request, self.operator)
        return cast(organisations_pb.Manager, made)

    def manager(self, organisation: str, email: str) -> Principal:
        """A member in office, signed in since."""
        member = self.member(organisation, email)
        self.appoint(organisation, member.person)
        return self.principal(email)

    def mail_token(
        self, person: str, purpose: sessions_pb.MailPurpose.ValueType, who: Principal = CLI
    ) -> str:
        request = sessions_pb.IssueMailTokenRequest(person=person, purpose=purpose)
        return str(self.credentials.IssueMailToken(request, who).token)

    def reset(self, token: str, password: str = PASSWORD) -> None:
        request = sessions_pb.ResetPasswordRequest(token=token, password=password)
        self.credentials.ResetPassword(request)

    def get_person(self, name: str, who: Principal | None = None) -> people_pb.Person:
        request = people_pb.GetPersonRequest(name=name)
        return cast(people_pb.Person, self.people.GetPerson(request, who or self.operator))

    def actions(self) -> list[str]:
        """The audit log's actions, oldest first."""
        request = audit_pb2.ListAuditEntriesRequest(page_size=100)
        found = self.audit.ListAuditEntries(request, self.operator).audit_entries
        return [entry.action for entry in reversed(found)]


def a_person(organisation: str, email: str, **fields: Any) -> people_pb.Person:
    """Somebody to add or to register."""
    display_name = fields.pop("display_name", email.partition("@")[0].title())
    return people_pb.Person(
        display_name=display_name, email=email, organisation=organisation, **fields
    )


@contextmanager
def nothing_announced(database: Database) -> Iterator[None]:
    """Whatever is done inside publishes nothing."""
    before = everything_announced(database)
    yield
    assert everything_announced(database) == before
