"""What we ask of identity: how to reach people, secrets for their mails. Never inside a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import grpc
from interchange.identity.v1 import people_pb2, sessions_pb2
from interchange.identity.v1.people_pb2_grpc import PersonServiceStub
from interchange.identity.v1.sessions_pb2_grpc import CredentialServiceStub

from chassis.identity import TIMEOUT_S, Audit, answering

Contacts = Mapping[str, people_pb2.Contact]
Purpose: TypeAlias = "sessions_pb2.MailPurpose.ValueType"


class Identity:
    """Identity's answers to this program; Unavailable IDENTITY_UNAVAILABLE when there is none."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._people = PersonServiceStub(channel)
        self._credentials = CredentialServiceStub(channel)
        self.audit = Audit(channel)

    def contacts(self, people: Iterable[str]) -> Contacts:
        """Names, work addresses and languages of at most 100 people; who is not known is left out."""
        request = people_pb2.BatchGetContactsRequest(people=sorted(set(people)))
        with answering():
            answer = self._people.BatchGetContacts(request, timeout=TIMEOUT_S)
        return {contact.person: contact for contact in answer.contacts}

    def mail_token(self, person: str, purpose: Purpose) -> str:
        """A secret for one mail; the one of the mail before stops working."""
        request = sessions_pb2.IssueMailTokenRequest(person=person, purpose=purpose)
        with answering():
            return self._credentials.IssueMailToken(request, timeout=TIMEOUT_S).token
