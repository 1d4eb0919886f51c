"""Who x rule -> allowed, in one table."""

from __future__ import annotations

import pytest

from chassis import policy
from chassis.auth import ANONYMOUS, Principal

OFFICER = Principal(person="people/1", organisation="organisations/1")
MANAGER = Principal(person="people/2", manages=frozenset({"organisations/1"}))
OPERATOR = Principal(person="people/3", roles=frozenset({"operator"}))
MATCHING = Principal(service="matching")
WHO = [ANONYMOUS, OFFICER, MANAGER, OPERATOR, MATCHING]

TABLE: list[tuple[policy.Rule, list[Principal]]] = [
    (policy.anyone, WHO),
    (policy.signed_in, [OFFICER, MANAGER, OPERATOR]),
    (policy.manager, [MANAGER]),
    (policy.operator, [OPERATOR]),
    (policy.service("matching", "cli"), [MATCHING]),
    (policy.service("notifications"), []),
    (policy.service(""), []),
    (policy.service(), []),
    (policy.any_of(policy.operator, policy.service("matching")), [OPERATOR, MATCHING]),
    (policy.any_of(), []),
]


@pytest.mark.parametrize(("rule", "allowed"), TABLE)
def test_a_rule_allows_exactly_these(rule: policy.Rule, allowed: list[Principal]) -> None:
    assert [who for who in WHO if rule(who)] == allowed


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (policy.operator, "operators"),
        (policy.manager, "Interchange Managers"),
        (policy.any_of(policy.manager, policy.operator), "Interchange Managers and operators"),
        (policy.any_of(policy.operator, policy.service("cli")), "operators"),
        (policy.service("cli"), ""),
    ],
)
def test_who_is_refused_can_be_told_for_whom_it_is(rule: policy.Rule, words: str) -> None:
    assert policy.who_may(rule) == words


def test_a_manager_manages_what_is_named_and_nothing_else() -> None:
    assert MANAGER.manages_organisation("organisations/1")
    assert not MANAGER.manages_organisation("organisations/2")
    assert not MANAGER.manages_organisation("")
