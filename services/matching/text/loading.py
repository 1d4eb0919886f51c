"""Which encoder is used: MiniLM that knows jobs, else MiniLM, else static vectors of words, else none."""

from __future__ import annotations

from pathlib import Path

import structlog

from services.matching.text.artefacts import FOLDER, Unusable
from services.matching.text.encoder import Encoder, MiniLM, StaticVectors
from services.matching.text.leaning import Leaning

log = structlog.get_logger(__name__)


def load_encoder(folder: Path = FOLDER) -> Encoder | None:
    """The best encoder whose files are whole; None when there is none. It takes some tenths of a second."""
    for kind in (MiniLM, StaticVectors):
        try:
            encoder: Encoder = kind(folder)
        except Unusable as problem:
            log.error("encoder_unusable", encoder=kind.__name__, problem=str(problem))
        else:
            best = _leaning(encoder, folder) if isinstance(encoder, MiniLM) else encoder
            log.info("encoder_loaded", encoder=best.name)
            return best
    return None


def _leaning(encoder: Encoder, folder: Path) -> Encoder:
    """It with ESCO's occupations and skills, or as it is where they are missing: then names of jobs tell less."""
    try:
        return Leaning(encoder, folder)
    except Unusable as problem:
        remedy = "run `interchange model build`"
        log.error("concepts_unusable", problem=str(problem), remedy=remedy)
        return encoder
