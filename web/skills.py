"""Skills and themes as people type them, and as the API has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

SLUG = re.compile(r"[^a-z0-9]+")
LEVEL = re.compile(r"\(\s*([1-5])\s*\)\s*$")


def slugs(text: str | None) -> list[str]:
    """Ids from words that a person separated by commas: "Housing options, data" gives housing-options and data."""
    found = (SLUG.sub("-", each.strip().lower()).strip("-") for each in (text or "").split(","))
    return list(dict.fromkeys(each for each in found if each))


def in_words(ids: Sequence[str]) -> str:
    return ", ".join(each.replace("-", " ") for each in ids)


def levels(text: str | None) -> list[dict[str, Any]]:
    """The levels that a person wrote behind skills: "housing options (4), data" says 4 of housing-options."""
    found = ((LEVEL.search(each), each) for each in (text or "").split(","))
    return [
        {"skill": skill, "level": int(said[1])}
        for said, each in found
        if said
        for skill in slugs(LEVEL.sub("", each))
    ]


def without_levels(text: str | None) -> str:
    return ",".join(LEVEL.sub("", each) for each in (text or "").split(","))


def with_levels(ids: Sequence[str], said: Iterable[Mapping[str, Any]]) -> str:
    """Skills as `levels` reads them."""
    by_skill = {each["skill"]: each["level"] for each in said}
    return ", ".join(
        f"{in_words([each])} ({by_skill[each]})" if each in by_skill else in_words([each])
        for each in ids
    )
