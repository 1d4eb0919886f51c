"""Passwords: easy ones are refused, good ones are kept as argon2id and nothing else."""

from __future__ import annotations

import unicodedata

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import InvalidArgument
from services.identity.sessions.passwords import COMMON, Passwords, is_common, require_good

PASSWORDS = Passwords()


def composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


@pytest.mark.parametrize(
    "password",
    [
        "password12",
        "Password123!",
        "!!Welcome2026!!",
        "qwertyuiop",
        "1234567890",
        "0987654321",
        "aaaaaaaaaaaa",
        "abababababab",
        "INTERCHANGE1",
        "2026-Liverpool",
    ],
)
def test_what_everybody_tries_first_is_refused(password: str) -> None:
    with pytest.raises(InvalidArgument, match="COMMON_PASSWORD"):
        require_good(password, field="password")


@pytest.mark.parametrize(
    "password", ["a-long-enough-password", "Exchange-demo-1", "three random words", "ünïcödé wörds"]
)
def test_what_nobody_tries_first_is_taken(password: str) -> None:
    require_good(password, field="password")


@pytest.mark.parametrize("password", ["ninechars", "x1-" * 43])
def test_ten_to_a_hundred_and_twenty_eight_characters(password: str) -> None:
    with pytest.raises(InvalidArgument, match="BAD_PASSWORD"):
        require_good(password, field="password")


@pytest.mark.parametrize("password", ["asha.coe.lead@norfolk.example", "Asha.Coe.Lead"])
def test_ones_own_address_is_no_password(password: str) -> None:
    with pytest.raises(InvalidArgument, match="COMMON_PASSWORD"):
        require_good(password, field="password", email="asha.coe.lead@norfolk.example")


@given(st.sampled_from(sorted(COMMON)), st.text("0123456789!?.-_ ", max_size=8), st.booleans())
def test_decoration_makes_no_word_better(word: str, decoration: str, upper: bool) -> None:
    assert is_common(decoration + (word.upper() if upper else word) + decoration)


@settings(max_examples=15, deadline=None)
@given(st.text(min_size=10, max_size=128), st.text(min_size=10, max_size=128))
def test_a_hash_matches_its_own_password_only(one: str, other: str) -> None:
    stored = PASSWORDS.hash(one)

    assert PASSWORDS.matches(stored, one)
    assert PASSWORDS.matches(stored, other) is (composed(one) == composed(other))


def test_the_same_characters_match_however_they_were_typed() -> None:
    assert PASSWORDS.matches(PASSWORDS.hash("caf\u00e9 au lait"), "cafe\u0301 au lait")


def test_nothing_matches_where_there_is_no_password() -> None:
    assert not PASSWORDS.matches("", "")
    assert not PASSWORDS.matches("not a hash", "not a hash")


def test_hashes_are_argon2id_with_the_costs_of_today() -> None:
    stored = PASSWORDS.hash("a-long-enough-password")

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not PASSWORDS.is_outdated(stored)
    assert PASSWORDS.is_outdated(PasswordHasher(time_cost=1, memory_cost=8192).hash("x"))
