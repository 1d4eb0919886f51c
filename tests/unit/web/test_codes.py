"""Every code that a page may be given has words, in the catalogue and so in both languages.

Codes are found where they are made: in enums, in the services' own tables, and where they are raised or recorded.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

import pytest
from interchange.common.v1.dead_letters_pb2 import DeadLetter
from interchange.federation.v1.partners_pb2 import Partner, SetAsideEntry
from interchange.notifications.v1.notifications_pb2 import Delivery

from chassis.bus.dead_letters import Reason
from cli.settings import PROGRAMS
from services.notifications.templates.catalogue import CATALOGUE
from web import codes, refusals, words

# How an act is written down, and how it is refused.
RECORDED = {"append", "record", "record_operator", "_record", "_add"}
REFUSED = {
    "InvalidArgument",
    "FailedPrecondition",
    "AlreadyExists",
    "PermissionDenied",
    "Aborted",
    "ResourceExhausted",
    "FieldViolation",
    "_refuse",
    "_wrong",
}
ACT = re.compile(r"[a-z][A-Za-z]*\.[a-z][A-Za-z]*")
REASON = re.compile(r"[A-Z][A-Z_]+")
# Told to other regions and to programs, never to a page.
BETWEEN_PROGRAMS = (
    "services/federation/door",
    "services/federation/keys",
    "services/federation/log",
    "services/federation/pulling",
    "services/federation/receiving/snapshots.py",
    "services/federation/receiving/gossip.py",
)
# Of requests that no form sends: another client's mistakes.
OF_OTHER_CLIENTS = {"BAD_NAME", "BAD_PAGE_SIZE", "BAD_PAGE_TOKEN"}


def given(where: str, of: set[str], shape: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """The texts of this shape that calls of these give: (text, file)."""
    for name, texts, path in calls(where):
        if name in of:
            yield from ((each, path) for each in texts if shape.fullmatch(each))


@cache
def calls(where: str) -> list[tuple[str, list[str], str]]:
    """Every call below a folder: whom it calls, the texts it gives, in which file."""
    return [
        (_name(node.func), [str(each.value) for each in node.args if _is_text(each)], str(path))
        for path in sorted(Path(where).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    ]


def _is_text(node: ast.expr) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _name(function: ast.expr) -> str:
    return str(getattr(function, "attr", "") or getattr(function, "id", ""))


def names(enum: Any) -> set[str]:
    return {name for name, number in enum.items() if number}


def test_every_act_of_the_audit_log_has_words() -> None:
    recorded = {
        text for where in ("services", "chassis", "cli") for text, _ in given(where, RECORDED, ACT)
    }

    assert {"organisation.verify", "signingKey.rotate", "deadLetter.drop"} <= recorded
    assert recorded == set(codes.ACTS)


def test_every_mail_has_words() -> None:
    assert set(CATALOGUE) == set(codes.MAILS)


@pytest.mark.parametrize(
    ("enum", "labels"),
    [
        (Delivery.State, words.DELIVERY_STATES),
        (Delivery.Problem, codes.MAIL_PROBLEMS),
        (DeadLetter.State, words.DEAD_LETTER_STATES),
        (SetAsideEntry.State, codes.ASIDE_STATES),
        (Partner.State, words.PARTNER_STATES),
    ],
)
def test_every_value_of_an_enum_has_words(enum: Any, labels: words.Labels) -> None:
    assert names(enum) == set(labels)


def test_every_reason_to_give_an_event_up_has_words() -> None:
    assert {str(each) for each in Reason} == set(codes.GIVEN_UP)


def test_every_program_has_words() -> None:
    assert {*PROGRAMS, "cli", "valkey"} == set(words.PROGRAMS)


def test_every_reason_to_set_an_entry_aside_has_words() -> None:
    made = given("services/federation", {"Held", "BadEntry"}, REASON)

    assert {text for text, _ in made} <= set(codes.ASIDE_REASONS)


def test_every_reason_not_to_trust_a_partner_has_words() -> None:
    raised = {
        text
        for text, _ in given(
            "services/federation",
            {"Unreachable", "Untrusted", "BadHead", "BadProof", "throttle", "suspend"},
            REASON,
        )
    }

    assert raised <= set(codes.PARTNER_REASONS)


def test_every_refusal_that_a_form_may_meet_has_words() -> None:
    raised = {
        text
        for where in ("services", "chassis")
        for text, path in given(where, REFUSED, REASON)
        if not path.startswith(BETWEEN_PROGRAMS)
    }

    assert "NOT_DRAFT" in raised
    assert raised - set(refusals.SENTENCES) == OF_OTHER_CLIENTS


@pytest.mark.parametrize("module", [words, codes])
def test_no_words_are_said_in_capitals(module: ModuleType) -> None:
    assert [text for text in words.texts(module) if text.isupper()] == []


def test_a_partner_says_why_in_words_and_an_operator_in_their_own() -> None:
    assert codes.why({"state": "UNREACHABLE", "stateReason": "NO_ANSWER"}) == "It does not answer"
    assert codes.why({"state": "SUSPENDED", "stateReason": "They asked us"}) == "They asked us"
    assert codes.why({"state": "FORKED", "stateReason": "national: told otherwise"}) == ""


def test_a_program_is_named_and_a_person_is_not() -> None:
    assert codes.actor("programs/matching") == "Search and suggestions"
    assert codes.actor("people/1") == "people/1"
