"""Who may call what, and who may do what with whom."""

from __future__ import annotations

from chassis.auth import Principal
from chassis.policy import Rules, any_of, anyone, manager, operator, service, signed_in
from services.identity.people.models import Person

managers = any_of(manager, operator)  # of which organisation, the loaders check

RULES: Rules = {
    # the region
    "GetRegion": anyone,
    "UpdateRegion": operator,
    "SetSecondFactorPolicy": operator,
    # organisations
    "CreateOrganisation": anyone,
    "GetOrganisation": anyone,
    "ListOrganisations": anyone,  # visitors see verified ones
    "UpdateOrganisation": managers,
    "VerifyOrganisation": operator,
    "GetMembershipFigures": service("opportunities"),
    # managers
    "AppointManager": operator,
    "CommitManager": signed_in,  # the manager, or an operator
    "StepDownManager": signed_in,
    "ListManagers": anyone,
    # people
    "CreatePerson": anyone,
    "GetPerson": signed_in,
    "FindPerson": operator,
    "ListPeople": managers,
    "UpdatePerson": signed_in,
    "DeletePerson": signed_in,
    "ExportPerson": signed_in,
    "ApprovePerson": managers,
    "ChangeEmployer": signed_in,
    "AppointCoordinator": operator,
    "DismissCoordinator": operator,
    "BatchGetContacts": service("opportunities", "notifications", "matching"),
    "FindNames": service("opportunities"),
    # sessions and keys
    "CreateSession": anyone,
    "AnswerChallenge": anyone,
    "RefreshSession": anyone,
    "ListSessions": signed_in,
    "ListLockouts": operator,
    "DeleteSession": signed_in,
    "RevokeSessions": signed_in,
    "GetMe": signed_in,
    "ListSigningKeys": anyone,
    "RotateSigningKey": operator,
    # addresses and passwords
    "ConfirmEmail": anyone,
    "RequestPasswordReset": anyone,
    "ResetPassword": anyone,
    "ChangePassword": signed_in,
    "UnlockPerson": operator,
    "IssueMailToken": service("notifications", "cli"),
    "CreateOperator": service("cli"),
    # signing in through an organisation
    "ListIdentityProviders": anyone,
    "GetIdentityProvider": managers,
    "SetIdentityProvider": operator,
    "DeleteIdentityProvider": operator,
    "BeginExternalSignIn": anyone,
    "CompleteExternalSignIn": anyone,
    "CreateLinkedIdentity": signed_in,
    "ListLinkedIdentities": signed_in,
    "DeleteLinkedIdentity": signed_in,
    # second factors
    "GetSecondFactor": signed_in,
    "BeginSecondFactor": signed_in,
    "ConfirmSecondFactor": signed_in,
    "RenewRecoveryCodes": signed_in,
    "TurnOffSecondFactor": signed_in,
    "ResetSecondFactor": any_of(operator, service("cli")),
    # the audit log
    "ListAuditEntries": operator,
    "VerifyAuditLog": any_of(operator, service("cli")),
    "RecordAuditEntry": service("opportunities", "notifications", "matching", "federation"),
    # what could not be processed
    "ListDeadLetters": any_of(operator, service("cli")),
    "ReplayDeadLetter": any_of(operator, service("cli")),
    "DropDeadLetter": any_of(operator, service("cli")),
}


def manages(who: Principal, organisation: str) -> bool:
    """Whether they act for the organisation; operators may do what managers do."""
    return who.is_operator or who.manages_organisation(organisation)


def sees_unverified(who: Principal) -> bool:
    """Visitors see verified organisations only."""
    return who.is_signed_in or who.is_service


def is_person(who: Principal, person: Person) -> bool:
    return who.person == person.name


def may_edit_person(who: Principal, person: Person) -> bool:
    return is_person(who, person) or manages(who, person.organisation)


def may_see_person(who: Principal, person: Person) -> bool:
    """Also the managers of the organisation that the person has asked to move to."""
    return may_edit_person(who, person) or who.manages_organisation(person.requested_organisation)


def may_export_person(who: Principal, person: Person) -> bool:
    """What only the person, and operators for them, may do: export, erase, change the address."""
    return who.is_operator or is_person(who, person)


def may_approve_person(who: Principal, person: Person) -> bool:
    """The managers of the organisation that the person wants to join."""
    return manages(who, person.requested_organisation or person.organisation)


def may_hold_office(who: Principal, person: Person) -> bool:
    """Who commits to an appointment and ends it: the manager, or an operator for them."""
    return who.is_operator or is_person(who, person)
