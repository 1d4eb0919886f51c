"""Finding people's full names in texts: whether one stands there, never whose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.identity.folding import folded
from services.identity.people.models import Person

# One word alone, such as Will or Grace, may mean anything; longer names than this are found by no guess.
WORDS_IN_A_NAME = range(2, 6)
AROUND = ".,;:!?()[]{}<>\"'\u201c\u201d\u2018\u2019/"
POSSESSIVES = ("'s", "\u2019s")
# As many values as every database takes in one question.
BATCH = 5_000


def stand_in(session: Session, texts: Sequence[str]) -> list[bool]:
    """For each text whether the full name of somebody registered stands in it. One question for all."""
    wanted = [set(candidates(text)) for text in texts]
    known = _registered(session, sorted(set().union(*wanted)))
    return [bool(each & known) for each in wanted]


def candidates(text: str) -> Iterator[str]:
    """What could be a name: every few words in a row, folded as names are."""
    words = [_bare(word) for word in folded(text).split()]
    for length in WORDS_IN_A_NAME:
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])


def _registered(session: Session, names: Sequence[str]) -> Set[str]:
    found: set[str] = set()
    for start in range(0, len(names), BATCH):
        some = Person.search_name.in_(names[start : start + BATCH])
        found.update(session.scalars(select(Person.search_name).where(some)))
    return found


def _bare(word: str) -> str:
    bare = word.strip(AROUND)
    for ending in POSSESSIVES:
        bare = bare.removesuffix(ending)
    return bare
