"""What suggestions ask of the framework: one id for a skill of many names, its label, what is near to it.

Until the framework has been read, which nobody waits for here, each id stands for itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import compress

from services.matching.skills.books import Books
from services.matching.suggestions.opening import Opening

# A product of two skills' vectors from which one may stand in for the other. ESCO's tree of broader
# and narrower skills is in none of the packages it can be had from.
NEAR = 0.7


class Knowing:
    """Books as suggestions see them."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def label(self, skill: str) -> str:
        found = self._books.resolve(skill)
        return found.label if found else skill.replace("-", " ")

    def canonical(self, opening: Opening) -> Opening:
        """The same with ids as the framework has them."""
        skills = frozenset(map(self._id, opening.skills))
        if skills == opening.skills:
            return opening
        levels = {self._id(skill): level for skill, level in opening.levels.items()}
        return replace(opening, skills=skills, levels=levels)

    def related(self, some: frozenset[str], others: frozenset[str]) -> Mapping[str, frozenset[str]]:
        """For each skill of one side those of the other that are near to it, both ways."""
        ours, theirs = self._known(some - others), self._known(others - some)
        meanings = self._books.meanings
        if meanings is None or not ours or not theirs:
            return {}
        near = meanings[list(ours.values())] @ meanings[list(theirs.values())].T >= NEAR
        if not near.any():
            return {}
        found: dict[str, set[str]] = {}
        for one, row in zip(ours, near.tolist(), strict=True):
            for other in compress(theirs, row):
                found.setdefault(one, set()).add(other)
                found.setdefault(other, set()).add(one)
        return {skill: frozenset(near_to_it) for skill, near_to_it in found.items()}

    def _known(self, skills: frozenset[str]) -> Mapping[str, int]:
        """Where those of these that are the framework's stand in its books."""
        known = self._books.by_id
        return {skill: known[skill] for skill in skills if skill in known}

    def _id(self, skill: str) -> str:
        found = self._books.resolve(skill)
        return found.id if found else skill
