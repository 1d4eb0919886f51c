"""Vectors that were computed once, by the encoder's name and the text's hash, in matching's database.

They are worth more than what is searched: a rebuild takes them from here, and encoding a hundred
thousand notices takes half an hour. Of a text only its hash is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

import numpy as np
from sqlalchemy import LargeBinary, String, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.clock import now
from chassis.database import Database, UtcDateTime
from services.matching.columns import Base
from services.matching.text.encoder import Encoder, Vectors

STORED = np.float16  # a thousandth of error, half the room
ASKED_AT_ONCE = 500
DIGEST = 32  # bytes


class Vector(Base):
    """A text's vector of half-precision numbers."""

    __tablename__ = "vectors"

    encoder: Mapped[str] = mapped_column(String(60), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)


def digest_of(text: str) -> bytes:
    return sha256(text.encode()).digest()


class Cache:
    """An encoder that remembers. Its vectors are those of its encoder, to half precision."""

    def __init__(self, database: Database, encoder: Encoder) -> None:
        self._database = database
        self._encoder = encoder

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As the encoder does; what it computes is kept for the next time."""
        digests = [digest_of(text) for text in texts]
        known = dict(self.known(digests))
        missing = {
            digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known
        }
        if missing:
            computed = self._encoder.encode(list(missing.values())).astype(STORED)
            known.update(zip(missing, computed.astype(np.float32), strict=True))
            self._keep(list(missing), computed)
        vectors = np.empty((len(texts), self._encoder.dimensions), np.float32)
        for row, digest in enumerate(digests):
            vectors[row] = known[digest]
        return vectors

    def known(self, digests: Sequence[bytes]) -> Mapping[bytes, Vectors]:
        """Those of these texts that are there already."""
        found: dict[bytes, Vectors] = {}
        with self._database.read() as session:
            for start in range(0, len(digests), ASKED_AT_ONCE):
                found.update(self._read(session, digests[start : start + ASKED_AT_ONCE]))
        return found

    def forget(self, digests: Sequence[bytes]) -> None:
        """Keep nothing of these texts. Should another have said the same, it is computed again when it is needed."""
        if not digests:
            return
        with self._database.begin() as session:
            for start in range(0, len(digests), ASKED_AT_ONCE):
                some = Vector.digest.in_(digests[start : start + ASKED_AT_ONCE])
                session.execute(delete(Vector).where(some))

    def _read(self, session: Session, digests: Sequence[bytes]) -> Mapping[bytes, Vectors]:
        asked = select(Vector.digest, Vector.vector).where(
            Vector.encoder == self._encoder.name, Vector.digest.in_(digests)
        )
        rows = session.execute(asked)
        return {digest: np.frombuffer(vector, STORED).astype(np.float32) for digest, vector in rows}

    def _keep(self, digests: Sequence[bytes], vectors: np.ndarray) -> None:
        """Another process may have computed the same."""
        with self._database.begin() as session:
            rows = [
                {
                    "encoder": self._encoder.name,
                    "digest": digest,
                    "vector": vector.tobytes(),
                    "create_time": now(),
                }
                for digest, vector in zip(digests, vectors, strict=True)
            ]
            session.execute(upsert(Vector).on_conflict_do_nothing(), rows)
