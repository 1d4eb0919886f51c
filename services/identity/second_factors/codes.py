"""Recovery codes: eighty random bits in four groups of letters and digits that nobody mistakes for others."""

from __future__ import annotations

import secrets
from hashlib import sha256
from uuid import UUID

HOW_MANY = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without i, l, o, 0 and 1
GROUPS, LETTERS = 4, 4


def new_codes() -> list[str]:
    """A fresh handful."""
    return [_new_code() for _ in range(HOW_MANY)]


def digest(person: UUID, code: str) -> str:
    """What is kept of one: nobody types hyphens, spaces and capitals the same way twice."""
    plain = "".join(each for each in code.casefold() if each.isalnum())
    return sha256(f"{person}:{plain}".encode()).hexdigest()


def _new_code() -> str:
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(LETTERS)) for _ in range(GROUPS))
    return "-".join(groups)
