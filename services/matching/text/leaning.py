"""Vectors that know jobs: each leans towards the occupations and skills of ESCO that it is nearest to.

Two names of one job often have little in common for an encoder of sentences, but they are near to
the same occupation, whose many names somebody has collected. As in explicit semantic analysis
(Gabrilovich and Markovitch 2007) a text is described by the concepts that it is near to, each by how
much nearer it is than the next; here in the vector itself, so that an index needs to know nothing of
it. Skills are among the concepts so that a text on what is done leans to that, and not to some job.
Near is what is near in meaning, and of occupations also what is called by the text's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.matching.text.artefacts import ESCO, OCCUPATIONS, Unusable
from services.matching.text.comparing import Halves, Signs, differences, products, signs_of
from services.matching.text.encoder import Encoder, Quality, Vectors, at_length_one
from services.matching.text.occupations import Occupations

# Fitted on half of the bench's names of jobs; nearby it matters little (docs/adr/0036).
NEAREST = 5
SHARE = 0.7  # of the concepts, beside 1 of the text itself
SAID = 0.25  # of what an occupation's names say of the text, beside 1 of its nearness in meaning
# So many concepts are multiplied, the likeliest by their signs (docs/adr/0036).
LIKELY = 2048
CONCEPTS = f"{OCCUPATIONS.digest} {ESCO.digest}"


class Leaning:
    """An encoder that leans."""

    def __init__(self, plain: Encoder, folder: Path) -> None:
        """Unusable when the occupations, or the concepts' vectors by this encoder, are missing or not whole."""
        self.plain = plain
        names = OCCUPATIONS.check(folder).read_text(encoding="utf-8").split("\n")
        self._occupations = Occupations(names)
        # Mapped, not read: a region without notices needs none of it.
        self._concepts = _read(concepts_file(folder, plain))
        if self._concepts.shape[1:] != (plain.dimensions,) or len(self._concepts) < len(names):
            raise Unusable(f"the concepts are corrupt: they have the shape {self._concepts.shape}")
        # What is to be expected where vectors differ in so many signs.
        self._products = np.cos(np.linspace(0, np.pi, plain.dimensions + 1, dtype=np.float32))

    @property
    def name(self) -> str:
        """With all that it depends on: vectors that lean otherwise can't be compared."""
        return f"{self.plain.name}/leaning-{_short(f'{CONCEPTS} {NEAREST} {SHARE} {SAID}')}"

    @property
    def dimensions(self) -> int:
        return self.plain.dimensions

    @property
    def quality(self) -> Quality.ValueType:
        return self.plain.quality

    @cached_property
    def _signs(self) -> Signs:
        return signs_of(self._concepts)

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = self.plain.encode(texts)
        for text, vector in zip(texts, vectors, strict=True):
            vector += SHARE * self._toward(text, vector)
        return at_length_one(vectors)

    def _toward(self, text: str, vector: Vectors) -> Vectors:
        """The direction of its nearest concepts, of length 1, or 0 where there is nothing to go by."""
        said = np.zeros(len(self._concepts), np.float32)
        said[: len(self._occupations)] = SAID * self._occupations.say(text)
        likely = self._likely(vector, said)
        nearness = products(self._concepts.take(likely, axis=0), vector) + said[likely]
        nearest = np.argpartition(nearness, -NEAREST - 1)[-NEAREST - 1 :]
        near = nearness[nearest]
        concepts = self._concepts[likely[nearest]].astype(np.float32)
        toward: Vectors = at_length_one(((near - near.min()) @ concepts)[None])[0]
        return toward

    def _likely(self, vector: Vectors, said: Vectors) -> NDArray[np.intp]:
        """Among which the nearest are: all would be thirteen megabytes through the processor's cache."""
        nearness = self._products.take(differences(self._signs, vector)) + said
        return np.flatnonzero(nearness >= np.partition(nearness, -LIKELY)[-LIKELY])


def plain(encoder: Encoder | None) -> Encoder | None:
    """The encoder as it is without what it leans to: for who compares with skills themselves."""
    return encoder.plain if isinstance(encoder, Leaning) else encoder


def concepts_file(folder: Path, encoder: Encoder) -> Path:
    """Vectors of other concepts, or by another encoder, are in another file."""
    return folder / f"concepts-{_short(CONCEPTS)}-{encoder.name.replace('/', '-')}.npy"


def concepts_of(occupations: Vectors, skills: Vectors) -> Halves:
    """What is in that file: occupations, then skills. What all of a kind have in common
    is taken off, for it would draw each text the same way.
    """
    own = [at_length_one(vectors - vectors.mean(axis=0)) for vectors in (occupations, skills)]
    return np.vstack(own).astype(np.float16)


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]


def _read(path: Path) -> Halves:
    try:
        return np.asarray(np.load(path, mmap_mode="r"), np.float16)
    except (OSError, EOFError, ValueError) as problem:
        raise Unusable(f"{path} cannot be read: {problem}") from problem
