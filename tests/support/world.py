"""People and organisations for a journey, made through the public API of a running region."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from interchange.identity.v1 import sessions_pb2 as pb
from interchange.identity.v1 import sessions_pb2_grpc as rpc

from cli.channels import service_channel
from cli.settings import Settings
from tests.support.api import Api

PASSWORD = "a-long-enough-password"
CONSENT = {"textVersion": "introduction-2026-11"}


@dataclass(frozen=True)
class Member:
    """Somebody who can sign in, as themselves."""

    name: str
    display_name: str
    email: str
    organisation: str
    api: Api


class World:
    """Makes what a journey needs. `suffix` keeps the addresses of several worlds in one region apart."""

    def __init__(self, url: str, data_dir: Path, suffix: str) -> None:
        self.visitor = Api(url)
        self.suffix = suffix
        self._credentials = rpc.CredentialServiceStub(
            service_channel(Settings(data_dir=data_dir), "identity")
        )
        self.operator = self._make_operator()

    def _make_operator(self) -> Api:
        email = f"operator.{self.suffix}@region.example"
        self._credentials.CreateOperator(
            pb.CreateOperatorRequest(email=email, display_name="Region operator", password=PASSWORD)
        )
        return self.visitor.sign_in(email, PASSWORD)

    def organisation(self, display_name: str, *, verified: bool = True, **fields: object) -> str:
        """A registered council, verified by the operator unless told otherwise; answers its name."""
        body = {"displayName": display_name, "kind": "LOCAL_AUTHORITY", **fields}
        made = self.visitor.post("/v1/organisations", body)
        if verified:
            self.operator.post(f"/v1/{made['name']}:verify", {"note": "checked by telephone"})
        return str(made["name"])

    def member(self, organisation: str, display_name: str, **fields: object) -> Member:
        """A member whom the operator added and who has accepted the invitation."""
        email = f"{display_name.lower().replace(' ', '.')}.{self.suffix}@council.example"
        body = {"displayName": display_name, "email": email, "organisation": organisation, **fields}
        name = str(self.operator.post("/v1/people", body)["name"])
        token = self.mail_token(name, pb.ACCEPT_INVITATION)
        self.visitor.post("/v1/people:resetPassword", {"token": token, "password": PASSWORD})
        return Member(
            name, display_name, email, organisation, self.visitor.sign_in(email, PASSWORD)
        )

    def manager(self, organisation: str, display_name: str) -> Member:
        """A member who was appointed and has committed; signed in after that, so that the token says so."""
        member = self.member(organisation, display_name)
        appointment = self.operator.post(
            f"/v1/{organisation}:appointManager", {"person": member.name}
        )
        api = self.visitor.sign_in(member.email, PASSWORD)
        api.post(f"/v1/{appointment['name']}:commit")
        return Member(member.name, display_name, member.email, organisation, api)

    def mail_token(self, person: str, purpose: pb.MailPurpose) -> str:
        """The token that a mail would carry."""
        request = pb.IssueMailTokenRequest(person=person, purpose=purpose)
        return str(self._credentials.IssueMailToken(request).token)

    def publish(self, manager: Member, **fields: object) -> str:
        """A notice of the manager's organisation, published; answers its name."""
        body = {
            "kind": "WANTED",
            "format": "WORK_SHADOWING",
            "title": "Work shadowing wanted in housing options",
            "body": "A colleague would like to see how a district runs its housing-options service.",
            "themes": ["housing"],
            "skills": ["housing-options"],
            "visibility": "REGION",
            **fields,
        }
        name = str(manager.api.post("/v1/notices", body)["name"])
        manager.api.post(f"/v1/{name}:submit")
        manager.api.post(f"/v1/{name}:publish")
        return name
