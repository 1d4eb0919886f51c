"""A skill as matching knows it, wherever it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.matching.skills.terms import id_of

# What says most of what a skill is. The rest of a description rather says where it is used.
TELLING_WORDS = 24


@dataclass(frozen=True, slots=True)
class Concept:
    """`id` is what notices, requests and people name."""

    id: str
    label: str
    alternatives: tuple[str, ...] = ()
    # Pieces of what else it is called whose borders nobody knows for sure: good for finding, not for showing.
    pieces: tuple[str, ...] = ()
    description: str = ""
    uri: str = ""  # at ESCO; empty: this region's own
    welsh_label: str = ""
    retire_time: datetime | None = None
    version: int = 0

    @property
    def labels(self) -> Iterator[str]:
        """All that it is called."""
        yield self.label
        yield from self.alternatives
        yield from self.pieces
        if self.welsh_label:
            yield self.welsh_label

    @property
    def summary(self) -> str:
        """The first words of its description, or its label where it has none."""
        return " ".join(self.description.split()[:TELLING_WORDS]) or self.label

    @classmethod
    def named(cls, label: str, **more: object) -> Concept:
        return cls(id=id_of(label), label=label, **more)  # type: ignore[arg-type]
