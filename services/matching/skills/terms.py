"""Labels as they are compared: as ids, as phrases, and by the words in them that say something."""

from __future__ import annotations

import re

from services.matching.text.terms import clean, stems_of

# Words by which no skill is found. "Use" begins a tenth of ESCO's labels.
SILENT = frozenset(
    stems_of(
        "a an and are as at be by for from in into is it its of on or that the their this to use "
        "using with"
    )
)
TOKENS = re.compile(r"[\w+#]+")
SLUG = re.compile(r"[^a-z0-9]+")
LONGEST_ID = 100


def telling(text: str) -> list[str]:
    """Stems of its words that say something."""
    return [stem for stem in stems_of(text) if stem not in SILENT]


def tokens(text: str) -> list[str]:
    """Its words as they are, in small letters."""
    return TOKENS.findall(clean(text).casefold())


def phrase(text: str) -> str:
    """A label such that two that read alike are the same."""
    return " ".join(tokens(text))


def id_of(label: str) -> str:
    """What a skill of this label is called in notices and profiles: "Manage budgets" is manage-budgets."""
    return SLUG.sub("-", label.lower()).strip("-")[:LONGEST_ID].strip("-")
