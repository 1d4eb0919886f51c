"""Who may call what, and who may see which notice."""

from __future__ import annotations

from chassis.auth import Principal
from chassis.policy import Rules, any_of, anyone, manager, operator, service

operations = any_of(operator, service("cli"))

RULES: Rules = {
    "SearchNotices": anyone,
    "SuggestNotices": any_of(manager, operator),  # of which notice, the handler checks
    "RebuildIndex": operations,
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
