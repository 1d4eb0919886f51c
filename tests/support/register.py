"""A small real identity: answers what other services ask of the register, on a real gRPC server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
from grpc import ServicerContext
from interchange.common.v1.types_pb2 import PUBLIC
from interchange.identity.v1 import audit_pb2, organisations_pb2, people_pb2, sessions_pb2
from interchange.identity.v1.audit_pb2_grpc import (
    AuditServiceServicer,
    add_AuditServiceServicer_to_server,
)
from interchange.identity.v1.organisations_pb2_grpc import (
    OrganisationServiceServicer,
    add_OrganisationServiceServicer_to_server,
)
from interchange.identity.v1.people_pb2_grpc import (
    PersonServiceServicer,
    add_PersonServiceServicer_to_server,
)
from interchange.identity.v1.sessions_pb2_grpc import (
    CredentialServiceServicer,
    add_CredentialServiceServicer_to_server,
)

from chassis.auth import JWKS, Principal, Verifier
from chassis.client import channel
from chassis.config import Config
from chassis.database import new_id
from chassis.errors import NotFound
from chassis.policy import anyone
from chassis.server import Server

REGION = "east-of-england"
RULES = dict.fromkeys(
    (
        "GetOrganisation",
        "GetMembershipFigures",
        "BatchGetContacts",
        "FindNames",
        "IssueMailToken",
        "RecordAuditEntry",
    ),
    anyone,
)


@dataclass
class Register(
    OrganisationServiceServicer,
    PersonServiceServicer,
    AuditServiceServicer,
    CredentialServiceServicer,
):
    """Organisations and people that a test has entered."""

    organisations: dict[str, organisations_pb2.Organisation] = field(default_factory=dict)
    contacts: dict[str, people_pb2.Contact] = field(default_factory=dict)
    audited: list[audit_pb2.RecordAuditEntryRequest] = field(default_factory=list)
    figures: organisations_pb2.MembershipFigures = field(
        default_factory=organisations_pb2.MembershipFigures
    )

    def enter(self, display_name: str, *, verified: bool = True) -> str:
        """An organisation; its name."""
        name = f"organisations/{new_id()}"
        state = organisations_pb2.Organisation.VERIFIED if verified else 1
        self.organisations[name] = organisations_pb2.Organisation(
            name=name, display_name=display_name, sector=PUBLIC, state=state, version=1
        )
        return name

    def employ(
        self, organisation: str, display_name: str, *, confirmed: bool = True, language: str = "en"
    ) -> str:
        """A person who works there; their name."""
        name = f"people/{new_id()}"
        self.contacts[name] = people_pb2.Contact(
            person=name,
            display_name=display_name,
            email=f"{display_name.lower().replace(' ', '.')}@council.example",
            organisation=organisation,
            organisation_display_name=self.organisations[organisation].display_name,
            language=language,
            email_confirmed=confirmed,
        )
        return name

    def GetOrganisation(
        self, request: organisations_pb2.GetOrganisationRequest, context: ServicerContext
    ) -> organisations_pb2.Organisation:
        if request.name not in self.organisations:
            raise NotFound("NO_SUCH_ORGANISATION", "there is none")
        return self.organisations[request.name]

    def GetMembershipFigures(
        self, request: organisations_pb2.GetMembershipFiguresRequest, context: ServicerContext
    ) -> organisations_pb2.MembershipFigures:
        return self.figures

    def BatchGetContacts(
        self, request: people_pb2.BatchGetContactsRequest, context: ServicerContext
    ) -> people_pb2.BatchGetContactsResponse:
        known = [self.contacts[each] for each in request.people if each in self.contacts]
        return people_pb2.BatchGetContactsResponse(contacts=known)

    def FindNames(
        self, request: people_pb2.FindNamesRequest, context: ServicerContext
    ) -> people_pb2.FindNamesResponse:
        names = [each.display_name.casefold() for each in self.contacts.values()]
        return people_pb2.FindNamesResponse(
            named=[any(name in text.casefold() for name in names) for text in request.texts]
        )

    def IssueMailToken(
        self, request: sessions_pb2.IssueMailTokenRequest, context: ServicerContext
    ) -> sessions_pb2.IssueMailTokenResponse:
        return sessions_pb2.IssueMailTokenResponse(token=f"token-{new_id().hex}")

    def RecordAuditEntry(
        self, request: audit_pb2.RecordAuditEntryRequest, context: ServicerContext
    ) -> audit_pb2.AuditEntry:
        self.audited.append(request)
        return audit_pb2.AuditEntry(actor=request.actor, action=request.action)


@contextmanager
def serving(register: Register) -> Iterator[grpc.Channel]:
    """The register on a port of its own; yields a channel to it."""
    server = Server(Config(rpc_workers=4), rules=RULES, verifier=Verifier(JWKS(), region=REGION))
    add_OrganisationServiceServicer_to_server(register, server.grpc)
    add_PersonServiceServicer_to_server(register, server.grpc)
    add_AuditServiceServicer_to_server(register, server.grpc)
    add_CredentialServiceServicer_to_server(register, server.grpc)
    server.start()
    with channel(server.address) as opened:
        yield opened
    server.stop(0)


def a_manager(person: str, organisation: str) -> Principal:
    return Principal(person=person, organisation=organisation, manages=frozenset({organisation}))


def a_member(person: str, organisation: str) -> Principal:
    return Principal(person=person, organisation=organisation)


def an_operator() -> Principal:
    return Principal(person=f"people/{new_id()}", roles=frozenset({"operator"}))
