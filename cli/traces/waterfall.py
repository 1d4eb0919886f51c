"""A trace as a waterfall: its spans in the order of a tree, each with its place in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cli.traces.spans import Span

NS_IN_MS = 1_000_000


@dataclass(frozen=True)
class Row:
    """One span: how deep below the first, when it began after it, and how long it took."""

    span: Span
    depth: int
    begins_ms: float
    takes_ms: float


@dataclass(frozen=True)
class Waterfall:
    """All rows, and how long the whole took."""

    rows: Sequence[Row]
    takes_ms: float


def waterfall(spans: Iterable[Span], *, brief: bool = False) -> Waterfall:
    """Each span once, below its parent, by time; `brief`: without the statements to databases.

    A span whose parent is not there, or that is its own ancestor, stands at the left.
    """
    shown = [each for each in spans if not (brief and each.is_statement)]
    if not shown:
        return Waterfall([], 0.0)
    began_ns = min(each.began_ns for each in shown)
    rows = [_row(span, depth, began_ns) for span, depth in _in_order(shown)]
    return Waterfall(rows, max(each.begins_ms + each.takes_ms for each in rows))


def _row(span: Span, depth: int, began_ns: int) -> Row:
    begins = (span.began_ns - began_ns) / NS_IN_MS
    return Row(span, depth, begins, (span.ended_ns - span.began_ns) / NS_IN_MS)


def _in_order(spans: Sequence[Span]) -> Iterator[tuple[Span, int]]:
    by_time = sorted(spans, key=lambda each: (each.began_ns, each.ended_ns, each.id))
    known = {each.id for each in by_time}
    below: dict[str, list[Span]] = defaultdict(list)
    for each in by_time:
        below[each.parent].append(each)
    seen: set[str] = set()
    roots = [each for each in by_time if each.parent not in known]
    for first in (*roots, *by_time):  # the second round finds those that go in circles
        yield from _branch(first, below, seen)


def _branch(
    first: Span, below: dict[str, list[Span]], seen: set[str]
) -> Iterator[tuple[Span, int]]:
    """A span and all below it. By a stack: a trace may be deeper than Python's calls."""
    waiting = [(first, 0)]
    while waiting:
        span, depth = waiting.pop()
        if span.id in seen:
            continue
        seen.add(span.id)
        yield span, depth
        waiting.extend((each, depth + 1) for each in reversed(below[span.id]))
