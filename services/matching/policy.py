"""Who may call what, and who may see which notice."""

from __future__ import annotations

from chassis.auth import Principal
from chassis.policy import Rules, any_of, anyone, manager, operator, service, signed_in
from services.matching.cohorts import policy as cohorts
from services.matching.saved import policy as saved

operations = any_of(operator, service("cli"))

RULES: Rules = {
    "SearchNotices": anyone,
    "SearchOrganisations": anyone,
    "SuggestNotices": any_of(manager, operator),  # of which notice, the handler checks
    "SuggestForOrganisation": any_of(manager, operator),
    "SuggestForProfile": signed_in,  # of which organisation, the handler checks
    "ListExcludedNotices": any_of(manager, operator),
    "DismissSuggestion": any_of(manager, operator),
    "RestoreSuggestion": any_of(manager, operator),
    "RebuildIndex": operations,
    **cohorts.RULES,
    **saved.RULES,
    "SuggestSwaps": any_of(manager, operator),
    "ExportMatching": signed_in,  # operators, too
    # skills
    "GetSkill": anyone,
    "ListSkills": anyone,
    "SearchSkills": anyone,
    "ProposeSkills": signed_in,  # it takes a third of a second
    "CreateSkill": operator,
    "UpdateSkill": operator,
    "RetireSkill": operator,
    # what could not be processed
    "ListDeadLetters": operations,
    "ReplayDeadLetter": operations,
    "DropDeadLetter": operations,
}


def may_ask_for(who: Principal, organisation: str) -> bool:
    """Whether they may have suggestions for this organisation's notices."""
    return who.is_operator or who.manages_organisation(organisation)


def own_organisations(who: Principal) -> frozenset[str]:
    """Organisations whose inner notices they see."""
    return who.manages | ({who.organisation} if who.organisation else frozenset())


def may_export(who: Principal, person: str) -> bool:
    return who.is_operator or (bool(person) and who.person == person)
