"""What we ask of identity: organisations, names and addresses, membership. Never inside a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import grpc
from interchange.identity.v1 import organisations_pb2, people_pb2
from interchange.identity.v1.organisations_pb2_grpc import OrganisationServiceStub
from interchange.identity.v1.people_pb2_grpc import PersonServiceStub

from chassis.errors import InvalidArgument, NotFound, PermissionDenied
from chassis.identity import TIMEOUT_S, Audit, answering

Contacts = Mapping[str, people_pb2.Contact]

# The figures are on a public page: it should rather say "not now" than wait.
FIGURES_TIMEOUT_S = 1.0


class Identity:
    """Identity's answers to this program; Unavailable IDENTITY_UNAVAILABLE when there is none."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._organisations = OrganisationServiceStub(channel)
        self._people = PersonServiceStub(channel)
        self.audit = Audit(channel)

    def organisation(self, name: str) -> organisations_pb2.Organisation | None:
        """An organisation as it is now; None when there is none of that name."""
        request = organisations_pb2.GetOrganisationRequest(name=name)
        try:
            with answering():
                return self._organisations.GetOrganisation(request, timeout=TIMEOUT_S)
        except (NotFound, PermissionDenied, InvalidArgument):
            return None

    def contacts(self, people: Iterable[str]) -> Contacts:
        """Names and work addresses, by person; who is not known is left out."""
        wanted = sorted(set(filter(None, people)))
        if not wanted:
            return {}
        request = people_pb2.BatchGetContactsRequest(people=wanted)
        with answering():
            answer = self._people.BatchGetContacts(request, timeout=TIMEOUT_S)
        return {contact.person: contact for contact in answer.contacts}

    def named(self, texts: Iterable[str]) -> Mapping[str, bool]:
        """Of each text whether the full name of somebody registered stands in it."""
        wanted = sorted(set(filter(None, texts)))
        if not wanted:
            return {}
        request = people_pb2.FindNamesRequest(texts=wanted)
        with answering():
            answer = self._people.FindNames(request, timeout=TIMEOUT_S)
        return dict(zip(wanted, answer.named, strict=True))

    def figures(self) -> organisations_pb2.MembershipFigures:
        """How many organisations, managers and participants there are."""
        request = organisations_pb2.GetMembershipFiguresRequest()
        with answering():
            return self._organisations.GetMembershipFigures(request, timeout=FIGURES_TIMEOUT_S)
