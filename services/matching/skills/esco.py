"""ESCO's skills, from files that `interchange model build` makes; read when they are first asked for.

The European classification of Skills, Competences, Qualifications and Occupations is the European
Commission's, under CC BY 4.0: whoever shows it says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import structlog

from services.matching.skills.concept import Concept
from services.matching.text.artefacts import ESCO, Unusable
from services.matching.text.encoder import Encoder, StaticVectors, Vectors

ATTRIBUTION = (
    "Skills from ESCO, the European classification of Skills, Competences, Qualifications and "
    "Occupations, © European Union, CC BY 4.0"
)
# How much a description's beginning weighs beside the label; fitted on development data.
DESCRIPTION = 0.15
AT_ONCE = 512

log = structlog.get_logger(__name__)


def read(folder: Path) -> list[Concept]:
    """All of them, by id; none, with a message in the log, when the file is not there or not whole."""
    try:
        lines = ESCO.check(folder).read_bytes().splitlines()
    except Unusable as problem:
        log.error("esco_unusable", problem=str(problem), remedy="run `interchange model build`")
        return []
    return [_concept(json.loads(line)) for line in lines]


def write(concepts: Sequence[Concept]) -> bytes:
    """The file that `read` reads: the same bytes for the same skills."""
    rows = (
        [each.label, each.alternatives, each.pieces, each.description, each.uri]
        for each in concepts
    )
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return "\n".join(lines).encode()


def _concept(row: list[object]) -> Concept:
    label, alternatives, pieces, description, uri = row
    return Concept.named(
        str(label),
        alternatives=tuple(alternatives),  # type: ignore[arg-type]
        pieces=tuple(pieces),  # type: ignore[arg-type]
        description=description,
        uri=uri,
    )


def vectors_file(folder: Path, encoder: Encoder) -> Path:
    """Vectors of other skills or another encoder are in another file."""
    kind = encoder.name.replace("/", "-")
    return folder / f"esco-{ESCO.digest[:12]}-{kind}.npy"


def vectors(folder: Path, encoder: Encoder, concepts: Sequence[Concept]) -> Vectors | None:
    """A row for each of ESCO's skills; None when they have to be made first, which takes a minute."""
    path = vectors_file(folder, encoder)
    if path.exists():
        found = np.load(path, mmap_mode="r")
        if found.shape == (len(concepts), encoder.dimensions):
            return np.asarray(found, np.float32)
    if isinstance(encoder, StaticVectors):
        return meanings(encoder, concepts)
    log.error("esco_vectors_missing", file=str(path), remedy="run `interchange model build`")
    return None


def meanings(encoder: Encoder, concepts: Sequence[Concept]) -> Vectors:
    """One vector a skill: its label's, moved a little towards its description's.

    One for each alternative label, with the best of them counting, found no more than this and
    takes six times the room: see docs/adr.
    """
    mixed = np.zeros((len(concepts), encoder.dimensions), np.float32)
    for start in _starts(len(concepts)):
        some = concepts[start : start + AT_ONCE]
        labels = encoder.encode([each.label for each in some])
        summaries = encoder.encode([each.summary for each in some])
        mixed[start : start + AT_ONCE] = (1 - DESCRIPTION) * labels + DESCRIPTION * summaries
    lengths = np.linalg.norm(mixed, axis=1, keepdims=True)
    return np.asarray(mixed / np.where(lengths > 0, lengths, 1), np.float32)


def _starts(size: int) -> Iterator[int]:
    return iter(range(0, size, AT_ONCE))
