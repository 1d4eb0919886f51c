"""Who may do what with cohorts and those who apply to them."""

from __future__ import annotations

from chassis.auth import Principal
from chassis.policy import Rules, anyone, coordinator, signed_in
from services.matching.cohorts.models import Application

RULES: Rules = {
    "CreateCohort": coordinator,
    "GetCohort": anyone,  # drafts: coordinators
    "ListCohorts": anyone,
    "UpdateCohort": coordinator,
    "OpenCohort": coordinator,
    "StartPairing": coordinator,
    "CloseCohort": coordinator,
    "CreateApplication": signed_in,  # for somebody else, their managers
    "GetApplication": signed_in,
    "ListApplications": signed_in,
    "WithdrawApplication": signed_in,
    "GetPartner": signed_in,
    "SettlePair": coordinator,
    "ListSettledPairs": coordinator,
    "CreatePairingRun": coordinator,
    "GetPairingRun": coordinator,
    "ListPairingRuns": coordinator,
    "ListPairs": coordinator,
    "ListUnpaired": coordinator,
    "GetPairingRunComparison": coordinator,
    "PublishPairingRun": coordinator,
}


def is_person(who: Principal, person: str) -> bool:
    return bool(person) and who.person == person


def is_own_side(who: Principal, application: Application) -> bool:
    """The applicant and their managers, who are introduced to the partner."""
    return is_person(who, application.person) or who.manages_organisation(application.organisation)


def may_see_application(who: Principal, application: Application) -> bool:
    return who.is_coordinator or is_own_side(who, application)
