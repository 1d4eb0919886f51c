"""Rows of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Row:
    """One figure, its baseline, the bar that it should meet, and whether it does."""

    what: str
    measured: str
    baseline: str
    bar: str
    is_met: bool

    def __str__(self) -> str:
        verdict = "met" if self.is_met else "short"
        return (
            f"{self.what:<46} {self.measured:>22}  {self.baseline:>26}  {self.bar:>12}  {verdict}"
        )


def ratio(what: str, ours: float, baseline: float, *, least: float, unit: str = "/s") -> Row:
    """Ours as a share of the baseline."""
    share = ours / baseline
    return Row(
        what,
        f"{share:.2f} ({ours:,.0f}{unit})",
        f"bare {baseline:,.0f}{unit}",
        f">= {least}",
        share >= least,
    )


def p99(values: Sequence[float]) -> float:
    """The least that 99 of a hundred do not exceed; of fewer than a hundred the greatest."""
    return sorted(values)[ceil(0.99 * len(values)) - 1]


def bound(what: str, value: float, *, most: float, unit: str, beside: str) -> Row:
    """A value with an upper bound, beside what it is compared with."""
    return Row(what, f"{value:,.0f} {unit}", beside, f"<= {most:,.0f} {unit}", value <= most)
