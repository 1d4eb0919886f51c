"""Keeping people out of texts that others read before they are introduced."""

from __future__ import annotations

import re
from collections.abc import Mapping

from interchange.identity.v1.people_pb2 import Contact

from chassis.errors import FailedPrecondition, FieldViolation

REASON = "NAMES_SOMEBODY"
TEXT = "must not say who the person is: both sides learn it once they are introduced"
# One word alone, such as Will or Grace, may mean anything.
WORDS_IN_A_NAME = 2


def require_nameless(texts: Mapping[str, str], contact: Contact | None) -> None:
    """Refuse texts, by field, that hold the person's name or work address: FailedPrecondition NAMES_SOMEBODY."""
    if contact is None:
        return
    telling = [field for field, text in texts.items() if names(text, contact)]
    if telling:
        raise FailedPrecondition(
            REASON,
            f"these texts say who the person is: {', '.join(telling)}",
            violations=[FieldViolation(field, REASON, TEXT) for field in telling],
        )


def names(text: str, contact: Contact) -> bool:
    """Whether a text holds the person's whole name or work address, in any case and spacing."""
    words = contact.display_name.split()
    wanted = [words] if len(words) >= WORDS_IN_A_NAME else []
    wanted += [[contact.email]] if contact.email else []
    return any(_holds(text, each) for each in wanted)


def _holds(text: str, words: list[str]) -> bool:
    pattern = r"\s+".join(map(re.escape, words))
    return re.search(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE) is not None
