"""Posts that people hold, and what they would take in turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.matching.distance import Point


@dataclass(frozen=True, slots=True)
class Wish:
    """Which posts somebody would take; what is empty asks for nothing."""

    sectors: frozenset[int] = frozenset()
    bands: frozenset[int] = frozenset()
    skills: frozenset[str] = frozenset()
    radius_miles: float = 0.0
    # From this share of remote work on, distance does not matter.
    remote_share: float = 1.0


@dataclass(frozen=True, slots=True)
class Post:
    """What a notice of format swap says of the post, of who may come, and of where its holder would go."""

    notice: str
    organisation: str
    sector: int
    # The organisation above all those of its group; empty: of none.
    group: str = ""
    # Organisations that it had exchanges with and wants no other with.
    avoids: frozenset[str] = frozenset()
    bands: frozenset[int] = frozenset()
    skills: frozenset[str] = frozenset()
    place: Point | None = None
    remote_share: float = 0.0
    # When the holder is away, and the post free.
    first_day: date = date.min
    last_day: date = date.max
    # Checks by their number in the proto: the least that whoever comes must have, and what its holder has; 0: not said.
    vetting_needed: int = 0
    vetting_held: int = 0
    # From where somebody may come; none: from anywhere.
    takes_sectors: frozenset[int] = frozenset()
    # None: its organisation hosts, and needs nothing back.
    wish: Wish | None = None
