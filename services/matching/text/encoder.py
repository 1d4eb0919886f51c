"""From texts to vectors whose products say how much alike the texts are.

Who compares vectors must look at the encoder's name: those of two encoders have nothing in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from interchange.matching.v1.matching_pb2 import SearchNoticesResponse
from numpy.typing import NDArray

from services.matching.text.artefacts import (
    MINILM,
    MINILM_TOKENS,
    STATIC,
    STATIC_TOKENS,
)

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

Vectors = NDArray[np.float32]
Quality = SearchNoticesResponse.Quality

# In tokens. What a text is about is said before that, and time grows with the length.
MOST_TOKENS = 192
BATCH = 16


class Encoder(Protocol):
    """Makes vectors of one kind."""

    @property
    def name(self) -> str:
        """Which model in which version: part of every key under which its vectors are kept."""

    @property
    def dimensions(self) -> int:
        """How long its vectors are."""

    @property
    def quality(self) -> Quality.ValueType:
        """How well what rests on it can be trusted."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(texts, dimensions): rows of length 1, or 0 for a text in which there is nothing."""


class MiniLM:
    """all-MiniLM-L6-v2 with 8-bit weights: sentences, whatever the words."""

    name = f"all-MiniLM-L6-v2/{MINILM.digest[:12]}"
    dimensions = 384
    quality = Quality.ENCODER

    def __init__(self, folder: Path) -> None:
        """Unusable when its files are missing or not those of this version."""
        # Imported where they are used: only matching's processes carry them, and not before they need them.
        import onnxruntime

        self._tokens = _tokenizer(MINILM_TOKENS.check(folder))
        self._tokens.enable_truncation(MOST_TOKENS)
        options = onnxruntime.SessionOptions()
        # Workers share the cores among them; a second thread in each makes all of them slower.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # An arena keeps what the longest batch ever needed.
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(str(MINILM.check(folder)), options)

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        tokens = self._tokens.encode_batch(list(texts))
        # Of like length together: a batch costs as if all were as long as its longest.
        order = sorted(range(len(texts)), key=lambda place: len(tokens[place].ids))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            vectors[batch] = self._run([tokens[place] for place in batch])
        return vectors

    def _run(self, batch: Sequence[Encoding]) -> Vectors:
        longest = max(len(each.ids) for each in batch)
        tokens, mask = np.zeros((2, len(batch), longest), np.int64)
        for row, each in enumerate(batch):
            tokens[row, : len(each.ids)] = each.ids
            mask[row, : len(each.ids)] = 1
        (vectors,) = self._session.run(None, {"tokens": tokens, "mask": mask})
        return np.asarray(vectors, np.float32)


class StaticVectors:
    """A vector for each piece of a word, and their mean for a text: a seventieth of MiniLM's time."""

    name = f"wordllama-l2-supercat-256/{STATIC.digest[:12]}"
    dimensions = 256
    quality = Quality.STATIC_VECTORS

    def __init__(self, folder: Path) -> None:
        """Unusable when its files are missing or not those of this version."""
        self._tokens = _tokenizer(STATIC_TOKENS.check(folder))
        self._tokens.no_truncation()
        # Mapped, not read: a region's texts use a small part of it.
        self._pieces = np.load(STATIC.check(folder), mmap_mode="r")

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        encoded = self._tokens.encode_batch(list(texts), add_special_tokens=False)
        for row, each in enumerate(encoded):
            if each.ids:
                vectors[row] = self._pieces[each.ids].astype(np.float32).mean(axis=0)
        return at_length_one(vectors)


def _tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    tokens = Tokenizer.from_file(str(path))
    tokens.no_padding()
    return tokens


def at_length_one(vectors: Vectors) -> Vectors:
    """The same rows, each made so long; those of nothing stay so."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    np.divide(vectors, lengths, out=vectors, where=lengths > 0)
    return vectors
