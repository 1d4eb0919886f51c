"""Who may call: small claims about a principal that each service's table of RPCs is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chassis.auth import Principal

Rule = Callable[[Principal], bool]
Rules = Mapping[str, Rule]  # by the RPC's method name; no entry: denied

EXAMPLES = {
    "Interchange Managers": Principal(person="people/-", manages=frozenset({"organisations/-"})),
    "operators": Principal(person="people/-", roles=frozenset({"operator"})),
    "coordinators": Principal(person="people/-", roles=frozenset({"coordinator"})),
}


def anyone(_: Principal) -> bool:
    """Also who has not signed in."""
    return True


def signed_in(who: Principal) -> bool:
    """Any person who has signed in."""
    return who.is_signed_in


def operator(who: Principal) -> bool:
    """Those who run the region."""
    return who.is_operator


def coordinator(who: Principal) -> bool:
    """Those who run programmes, and operators."""
    return who.is_coordinator


def manager(who: Principal) -> bool:
    """Who manages any organisation; which one, the loaders check."""
    return bool(who.manages)


def service(*names: str) -> Rule:
    """Only these programs, on their own behalf."""
    allowed = frozenset(names)
    return lambda who: who.service in allowed and who.is_service


def who_may(rule: Rule) -> str:
    """For whom it is, in words; empty when it is for programs only."""
    return " and ".join(words for words, who in EXAMPLES.items() if rule(who))


def any_of(*rules: Rule) -> Rule:
    """Whoever satisfies one of them."""
    return lambda who: any(rule(who) for rule in rules)
