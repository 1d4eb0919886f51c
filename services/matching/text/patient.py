"""Encoding that nobody waits for: it gives way to whoever else wants the machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from services.matching.text.encoder import Encoder, Quality, Vectors

PIECE = 8  # texts; some hundredths of a second
# So many times as long as it was kept from a core it rests. Where two want one core it then has a sixth
# of it; where nobody else does it never rests. A lower priority would do nothing across containers.
TIMES = 4.0
LONGEST_S = 0.5


class Patient:
    """Another encoder, piece by piece, with a rest after each that was kept waiting."""

    def __init__(
        self,
        encoder: Encoder,
        rest: Callable[[float], object],
        *,
        clock: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] = time.thread_time,
    ) -> None:
        """`rest` waits for so many seconds, or less. `clock` and `worked`: seconds, and this thread's on a core."""
        self._encoder = encoder
        self._rest = rest
        self._clock = clock
        self._worked = worked

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    @property
    def quality(self) -> Quality.ValueType:
        return self._encoder.quality

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        # Of like length together: a piece costs as if all were as long as its longest.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), PIECE):
            piece = order[start : start + PIECE]
            vectors[piece] = self._encode([texts[place] for place in piece])
        return vectors

    def _encode(self, piece: Sequence[str]) -> Vectors:
        since, worked = self._clock(), self._worked()
        vectors = self._encoder.encode(piece)
        kept_s = (self._clock() - since) - (self._worked() - worked)
        if kept_s > 0:
            self._rest(min(kept_s * TIMES, LONGEST_S))
        return vectors
