"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One claim about the region. What is not well comes with what to do."""

    about: str
    said: str
    remedy: str = ""  # empty: it is well

    @property
    def is_well(self) -> bool:
        return not self.remedy
