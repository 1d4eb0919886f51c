"""Opaque tokens: handed out once, kept as hashes."""

from __future__ import annotations

import secrets
from hashlib import sha256

BYTES = 32


def generate() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(BYTES)


def digest(token: str) -> str:
    """What is kept of it. No salt: what is random already can't be looked up in a list."""
    return sha256(token.encode()).hexdigest()
