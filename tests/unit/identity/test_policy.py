"""Who may call what, and who may do what with whom, in two tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from uuid import UUID

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from chassis.auth import ANONYMOUS, Principal
from services.identity import policy
from services.identity.people.models import Person
from services.identity.policy import RULES

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NORFOLK, SUFFOLK, ESSEX = UUID(int=1), UUID(int=2), UUID(int=3)
A, B, C = (f"organisations/{each}" for each in (NORFOLK, SUFFOLK, ESSEX))


def asha() -> Person:
    """Works in Norfolk and has asked to move to Suffolk."""
    person = Person.add({"display_name": "A", "email": "a@a.example"}, NORFOLK, at=NOW)
    person.ask_to_move(SUFFOLK, "", "")
    return person


ASHA = asha()
WHO = {
    "visitor": ANONYMOUS,
    "self": Principal(person=ASHA.name, organisation=A),
    "colleague": Principal(person="people/c", organisation=A),
    "manager": Principal(person="people/m", organisation=A, manages=frozenset({A})),
    "next manager": Principal(person="people/n", organisation=B, manages=frozenset({B})),
    "other manager": Principal(person="people/o", organisation=C, manages=frozenset({C})),
    "operator": Principal(person="people/op", roles=frozenset({"operator"})),
    "opportunities": Principal(service="opportunities"),
    "notifications": Principal(service="notifications"),
    "matching": Principal(service="matching"),
    "federation": Principal(service="federation"),
    "gateway": Principal(service="gateway"),
    "cli": Principal(service="cli"),
}
EVERYBODY = set(WHO)
MANAGERS = {"manager", "next manager", "other manager"}
PEOPLE = {"self", "colleague", "operator"} | MANAGERS

CALLS: dict[str, set[str]] = {
    "GetRegion": EVERYBODY,
    "UpdateRegion": {"operator"},
    "SetSecondFactorPolicy": {"operator"},
    "CreateOrganisation": EVERYBODY,
    "GetOrganisation": EVERYBODY,
    "ListOrganisations": EVERYBODY,
    "UpdateOrganisation": MANAGERS | {"operator"},
    "VerifyOrganisation": {"operator"},
    "GetMembershipFigures": {"opportunities"},
    "AppointManager": {"operator"},
    "CommitManager": PEOPLE,
    "StepDownManager": PEOPLE,
    "ListManagers": EVERYBODY,
    "CreatePerson": EVERYBODY,
    "GetPerson": PEOPLE,
    "FindPerson": {"operator"},
    "ListPeople": MANAGERS | {"operator"},
    "UpdatePerson": PEOPLE,
    "DeletePerson": PEOPLE,
    "ExportPerson": PEOPLE,
    "ApprovePerson": MANAGERS | {"operator"},
    "ChangeEmployer": PEOPLE,
    "AppointCoordinator": {"operator"},
    "DismissCoordinator": {"operator"},
    "BatchGetContacts": {"opportunities", "notifications", "matching"},
    "FindNames": {"opportunities"},
    "CreateSession": EVERYBODY,
    "AnswerChallenge": EVERYBODY,
    "RefreshSession": EVERYBODY,
    "ListSessions": PEOPLE,
    "ListLockouts": {"operator"},
    "DeleteSession": PEOPLE,
    "RevokeSessions": PEOPLE,
    "GetMe": PEOPLE,
    "ListSigningKeys": EVERYBODY,
    "RotateSigningKey": {"operator"},
    "ConfirmEmail": EVERYBODY,
    "RequestPasswordReset": EVERYBODY,
    "ResetPassword": EVERYBODY,
    "ChangePassword": PEOPLE,
    "UnlockPerson": {"operator"},
    "IssueMailToken": {"notifications", "cli"},
    "CreateOperator": {"cli"},
    "ListIdentityProviders": EVERYBODY,
    "GetIdentityProvider": MANAGERS | {"operator"},
    "SetIdentityProvider": {"operator"},
    "DeleteIdentityProvider": {"operator"},
    "BeginExternalSignIn": EVERYBODY,
    "CompleteExternalSignIn": EVERYBODY,
    "CreateLinkedIdentity": PEOPLE,
    "ListLinkedIdentities": PEOPLE,
    "DeleteLinkedIdentity": PEOPLE,
    "GetSecondFactor": PEOPLE,
    "BeginSecondFactor": PEOPLE,
    "ConfirmSecondFactor": PEOPLE,
    "RenewRecoveryCodes": PEOPLE,
    "TurnOffSecondFactor": PEOPLE,
    "ResetSecondFactor": {"operator", "cli"},
    "ListAuditEntries": {"operator"},
    "VerifyAuditLog": {"operator", "cli"},
    "RecordAuditEntry": {"opportunities", "notifications", "matching", "federation"},
    "ListDeadLetters": {"operator", "cli"},
    "ReplayDeadLetter": {"operator", "cli"},
    "DropDeadLetter": {"operator", "cli"},
}

RESOURCES: list[tuple[Callable[[Principal, Person], bool], set[str]]] = [
    (policy.may_see_person, {"self", "manager", "next manager", "operator"}),
    (policy.may_edit_person, {"self", "manager", "operator"}),
    (policy.may_export_person, {"self", "operator"}),
    (policy.may_approve_person, {"next manager", "operator"}),
    (policy.may_hold_office, {"self", "operator"}),
]


@pytest.mark.parametrize("method", RULES)
def test_a_call_is_open_to_exactly_these(method: str) -> None:
    assert {name for name, who in WHO.items() if RULES[method](who)} == CALLS[method]


def test_every_call_of_the_contract_has_a_rule_and_no_other_has_one() -> None:
    content = files("interchange").joinpath("descriptors.binpb").read_bytes()
    image = FileDescriptorSet.FromString(content)
    methods = {
        method.name
        for file in image.file
        if file.package == "interchange.identity.v1" or "dead_letters" in file.name
        for service in file.service
        for method in service.method
    }

    assert set(RULES) == methods


@pytest.mark.parametrize(("rule", "allowed"), RESOURCES)
def test_a_record_is_open_to_exactly_these(
    rule: Callable[[Principal, Person], bool], allowed: set[str]
) -> None:
    assert {name for name, who in WHO.items() if rule(who, ASHA)} == allowed


@pytest.mark.parametrize("name", WHO)
def test_visitors_see_verified_organisations_only(name: str) -> None:
    assert policy.sees_unverified(WHO[name]) is (name != "visitor")
