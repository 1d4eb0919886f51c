"""Paths of `google.api.http` rules: `/v1/{name=notices/*}:publish` as segments, a verb and variables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

STAR = "*"
# A variable with or without a pattern, or a fixed segment.
PART = re.compile(r"/(?:\{([a-z0-9_.]+)(?:=([^{}]+))?\}|([^/{}]+))")


@dataclass(frozen=True, slots=True)
class Variable:
    """A field of the request, and which segments of the path give its value."""

    field: str
    start: int
    stop: int

    def value(self, segments: Sequence[str]) -> str:
        return "/".join(segments[self.start : self.stop])


@dataclass(frozen=True, slots=True)
class Template:
    """A path: fixed segments and stars, perhaps a verb after a colon, and the variables in it."""

    segments: tuple[str, ...]
    verb: str
    variables: tuple[Variable, ...]

    def name_of_star(self, index: int) -> str:
        """The field that a star stands for alone, such as `token` of `{token}`; else empty."""
        names = [
            each.field for each in self.variables if (each.start, each.stop) == (index, index + 1)
        ]
        return names[0] if names else ""


def parse(path: str) -> Template:
    """The template in a rule. ValueError for what this contract does without: `**` and anything unknown."""
    head, colon, verb = path.rpartition(":")
    body = head if colon else path
    segments: list[str] = []
    variables: list[Variable] = []
    for field, pattern, fixed in PART.findall(body):
        parts = [fixed] if fixed else (pattern or STAR).split("/")
        if field:
            variables.append(Variable(field, len(segments), len(segments) + len(parts)))
        segments += parts
    if PART.sub("", body) or "**" in segments:
        raise ValueError(f"a path that the gateway does not know: {path}")
    return Template(tuple(segments), verb if colon else "", tuple(variables))
