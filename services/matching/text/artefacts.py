"""The files that the encoders are made of: which they are, byte for byte, and whether they are there."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

# Beside the programs: made with them, and of no region. `interchange model build` writes it.
FOLDER = Path(sys.prefix) / "share" / "interchange" / "model"


class Unusable(Exception):
    """A file is missing, or is not the one that this version was made for; the message says which."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """A file of the model and the SHA-256 of what is in it. Vectors of other bytes can't be compared."""

    file: str
    digest: str

    def check(self, folder: Path) -> Path:
        """Where it is; Unusable when it isn't whole."""
        path = folder / self.file
        try:
            found = sha256(path.read_bytes()).hexdigest()
        except OSError as problem:
            raise Unusable(f"{path} cannot be read: {problem.strerror}") from problem
        if found != self.digest:
            raise Unusable(f"{path} is corrupt or of another version: its SHA-256 is {found}")
        return path


MINILM = Artefact("minilm.onnx", "3e9ee3024523435efc777b7da98f8cfa00448f717f7a496f3adcddb73e8e9a7e")
MINILM_TOKENS = Artefact(
    "minilm.tokens.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
)
STATIC = Artefact("static.npy", "e61ae8f3295d1a033863bb6eb4aa8121c76ba041b9de43daefef255eb598c89f")
STATIC_TOKENS = Artefact(
    "static.tokens.json", "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68"
)
ESCO = Artefact("esco.jsonl", "8a3130808dfbf50847853ca366d3f340881e18efafeccaf5f9a72b8c6a263fca")
OCCUPATIONS = Artefact(
    "occupations.txt", "956bc25e3b3ffe06b46eeb99f1fa4bb5a16cc6e0f2a822045758fbe6ca85ee47"
)
EVERY = (MINILM, MINILM_TOKENS, STATIC, STATIC_TOKENS, ESCO, OCCUPATIONS)
# Those of which not every ancestor is under an open licence: see docs/adr/0030.
STATIC_FILES = (STATIC, STATIC_TOKENS)
