"""What suggestions ask of the framework: one id for a skill of many names, its label, what is near to it.

Until the framework has been read, which nobody waits for here, each id stands for itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from services.matching.skills.books import Books
from services.matching.suggestions.opening import Opening

# A product of two skills' vectors from which one may stand in for the other. ESCO's tree of broader
# and narrower skills is in none of the packages it can be had from.
NEAR = 0.7


class Knowing:
    """Books as suggestions see them."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._nearness = lru_cache(maxsize=20_000)(self._compare)

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
        found: dict[str, set[str]] = {}
        for one in some - others:
            for other in others - some:
                if self._nearness(*sorted((one, other))):
                    found.setdefault(one, set()).add(other)
                    found.setdefault(other, set()).add(one)
        return {skill: frozenset(near) for skill, near in found.items()}

    def _id(self, skill: str) -> str:
        found = self._books.resolve(skill)
        return found.id if found else skill

    def _compare(self, one: str, other: str) -> bool:
        books, known = self._books, self._books.by_id
        if books.meanings is None or one not in known or other not in known:
            return False
        return bool(np.dot(books.meanings[known[one]], books.meanings[known[other]]) >= NEAR)
