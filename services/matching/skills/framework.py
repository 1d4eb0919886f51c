"""The framework that the service holds: ESCO's skills and the region's own, read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from threading import Event, RLock, Thread

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.database import Database
from services.matching.skills import esco
from services.matching.skills.books import Books
from services.matching.skills.concept import Concept
from services.matching.skills.models import LocalSkill
from services.matching.text.encoder import Encoder, Vectors
from services.matching.text.leaning import plain

# How many skills of the region's own, all their versions added up, and whether there is an encoder.
Stamp = tuple[int, int, bool]
UNREAD: Stamp = (-1, -1, False)


class Esco:
    """ESCO's skills and what they mean, each read once, in a second, when it is first asked for."""

    def __init__(self, folder: Path, load_encoder: Callable[[], Encoder | None]) -> None:
        self._folder = folder
        self._load_encoder = load_encoder
        self._meanings: Vectors | None = None

    @property
    def encoder(self) -> Encoder | None:
        """The best there is, as it is by itself: it is skills that texts are compared with here.

        None until it is loaded, or when there are no files of one.
        """
        return plain(self._load_encoder())

    @cached_property
    def concepts(self) -> Sequence[Concept]:
        return esco.read(self._folder)

    @property
    def meanings(self) -> Vectors | None:
        """A row for each; None as long as there is no encoder, or no vectors by it."""
        encoder = self.encoder
        if self._meanings is None and encoder is not None:
            self._meanings = esco.vectors(self._folder, encoder, self.concepts)
        return self._meanings


class Framework:
    """What operators add is put over ESCO's, and read anew when it has changed."""

    def __init__(
        self, database: Database, theirs: Esco, *, made: Callable[[], None] = lambda: None
    ) -> None:
        """`made` is told when the books are: half a million objects that stay."""
        self._read = database.read
        self._theirs = theirs
        self._made = made
        self._lock = RLock()
        self._stamp = UNREAD
        self._books = Books([], None)
        self._reading = Event()

    @property
    def encoder(self) -> Encoder | None:
        return self._theirs.encoder

    @property
    def books(self) -> Books:
        """All skills as they are now; of two with one id the region's own counts."""
        with self._lock, self._read() as session:
            stamp = (*_versions(session), self.encoder is not None)
            if stamp != self._stamp:
                own = [each.concept for each in session.scalars(select(LocalSkill))]
                self._books, self._stamp = self._bind(own), stamp
                self._made()
        return self._books

    @property
    def ready(self) -> Books:
        """The skills as far as they are read, at once: for whom they are a help and not the question."""
        if self._stamp == UNREAD and not self._reading.is_set():
            self._reading.set()
            Thread(target=lambda: self.books, name="framework", daemon=True).start()
        return self._books

    def _bind(self, own: Sequence[Concept]) -> Books:
        taken, theirs = {each.id for each in own}, self._theirs.concepts
        kept = [number for number, each in enumerate(theirs) if each.id not in taken]
        concepts = [*(theirs[number] for number in kept), *own]
        return Books(concepts, self._meanings(kept, own))

    def _meanings(self, kept: Sequence[int], own: Sequence[Concept]) -> Vectors | None:
        encoder, theirs = self.encoder, self._theirs.meanings
        if encoder is None or theirs is None:
            return None
        return np.vstack([theirs[kept], esco.meanings(encoder, own)]) if own else theirs


def _versions(session: Session) -> tuple[int, int]:
    """Another one when anything was added or changed: versions only grow, and nothing is taken away."""
    versions = func.coalesce(func.sum(LocalSkill.version), 0)
    row = session.execute(select(func.count(LocalSkill.id), versions)).one()
    return int(row[0]), int(row[1])
