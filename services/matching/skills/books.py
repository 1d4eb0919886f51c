"""All skills, and what finds them: by id, by what they were ever called, by beginnings of words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

from services.matching.skills.concept import Concept
from services.matching.skills.lexical import Labels
from services.matching.skills.terms import id_of, phrase, tokens
from services.matching.text.encoder import Vectors

FEWEST_WORDS_SAID = 2  # a label of one word stands in many texts that are not about it
LONGEST_PHRASE = 8  # in words


class Books:
    """The skills, and what finds them. Made once, then only read; changes make another."""

    def __init__(self, concepts: Sequence[Concept], meanings: Vectors | None) -> None:
        self.concepts = concepts
        self.by_id = {each.id: number for number, each in enumerate(concepts)}
        self.meanings = meanings
        self.labels = Labels([each.label for each in concepts])
        self.aliases: dict[str, int] = {}
        self._phrases: dict[str, list[int]] = {}
        self._words: list[tuple[str, int]] = []
        for number, each in enumerate(concepts):
            self._enter(number, each)
        self._words.sort()
        self._ids = sorted(self.by_id)

    def _enter(self, number: int, concept: Concept) -> None:
        for label in (concept.label, *concept.alternatives, concept.welsh_label):
            if label:
                self.aliases.setdefault(id_of(label), number)
        for label in concept.labels:
            said = phrase(label)
            if said.count(" ") >= FEWEST_WORDS_SAID - 1:
                self._phrases.setdefault(said, []).append(number)
        shown = (concept.label, *concept.alternatives, concept.welsh_label)
        words = {word for label in shown for word in tokens(label)}
        self._words.extend((word, number) for word in words)

    def resolve(self, skill: str) -> Concept | None:
        """The skill of this id, or that has a label of which this was the id."""
        number = self.by_id.get(skill, self.aliases.get(skill))
        return None if number is None else self.concepts[number]

    def said_in(self, text: str) -> Mapping[int, str]:
        """Skills one of whose labels stands in the text, with it."""
        words, found = tokens(text), dict[int, str]()
        for start in range(len(words)):
            for length in range(FEWEST_WORDS_SAID, LONGEST_PHRASE + 1):
                said = " ".join(words[start : start + length])
                found.update(dict.fromkeys(self._phrases.get(said, ()), said))
        return found

    def beginning(self, start: str) -> set[int]:
        """Those that have a word which begins so."""
        found, place = set(), bisect_left(self._words, (start, -1))
        while place < len(self._words) and self._words[place][0].startswith(start):
            found.add(self._words[place][1])
            place += 1
        return found

    def after(self, key: str) -> Sequence[str]:
        """Ids behind this one, in order."""
        return self._ids[bisect_right(self._ids, key) :]
