"""What is wrong with a JSON document, by the path of each field in it."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.errors import FieldViolation

WRONG_TYPE = "WRONG_TYPE"
UNKNOWN_FIELD = "UNKNOWN_FIELD"
UNKNOWN_VALUE = "UNKNOWN_VALUE"
OUT_OF_RANGE = "OUT_OF_RANGE"
GIVEN_TWICE = "GIVEN_TWICE"
BAD_TEXT = "BAD_TEXT"


class Wrong(Exception):
    """One or more violations, with paths from where they were found: whoever lets them through adds its own part."""

    def __init__(self, violations: Sequence[FieldViolation]) -> None:
        super().__init__(violations)
        self.violations = violations

    def under(self, part: str) -> list[FieldViolation]:
        """The violations as seen from one level up: `part` is a field, or `[3]` in a list."""
        return [
            FieldViolation(_join(part, each.field), each.reason, each.description)
            for each in self.violations
        ]


def wrong(reason: str, description: str, *, field: str = "") -> Wrong:
    """One violation, here."""
    return Wrong([FieldViolation(field, reason, description)])


def _join(part: str, rest: str) -> str:
    return f"{part}.{rest}" if rest and not rest.startswith("[") else part + rest
