"""What matching asks of identity: who people are. Never inside a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import grpc
from interchange.identity.v1.people_pb2 import BatchGetContactsRequest, Contact
from interchange.identity.v1.people_pb2_grpc import PersonServiceStub

from chassis.identity import TIMEOUT_S, Audit, answering

AT_ONCE = 100
Contacts = Mapping[str, Contact]


class Identity:
    """Identity's answers to this program; Unavailable IDENTITY_UNAVAILABLE when there is none."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._people = PersonServiceStub(channel)
        self.audit = Audit(channel)

    def contacts(self, people: Iterable[str]) -> Contacts:
        """Names and work addresses, by person; who is not known is left out."""
        wanted = sorted(set(filter(None, people)))
        found: dict[str, Contact] = {}
        for start in range(0, len(wanted), AT_ONCE):
            request = BatchGetContactsRequest(people=wanted[start : start + AT_ONCE])
            with answering():
                answer = self._people.BatchGetContacts(request, timeout=TIMEOUT_S)
            found |= {contact.person: contact for contact in answer.contacts}
        return found
