"""Traces in a terminal: a list, and one of them as a waterfall."""

from __future__ import annotations

from collections.abc import Sequence

from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from cli.traces.summary import Summary
from cli.traces.waterfall import Row, Waterfall

COLOURS = ("cyan", "green", "magenta", "blue", "yellow", "bright_cyan", "bright_magenta")
INSTANT = 0.004  # of the whole: what took no time is a thin line all the same


def listing(found: Sequence[Summary]) -> Table:
    """One line a trace, which can be copied from."""
    table = Table(
        Column("Trace", no_wrap=True), Column("Began (UTC)", no_wrap=True),
        Column("Took ms", justify="right"), Column("What", overflow="fold"), Column("Who"),
        box=None, pad_edge=False,
    )  # fmt: skip
    for each in found:
        began, style = each.began.partition(".")[0], "red" if each.failed else ""
        who = ", ".join(each.roles)
        table.add_row(each.id, began, f"{each.takes_ms:.1f}", each.name, who, style=style)
    return table


def picture(fall: Waterfall) -> RenderableType:
    """The waterfall: each span's place in the tree and in time."""
    table = Table(
        Column("Span", no_wrap=True, overflow="ellipsis", max_width=64), Column("Program"),
        Column("At ms", justify="right", no_wrap=True),
        Column("Took ms", justify="right", no_wrap=True),
        Column("", ratio=1, min_width=12), Column("", no_wrap=True),
        box=None, pad_edge=False, expand=True,
    )  # fmt: skip
    programs = sorted({row.span.program for row in fall.rows})
    for row in fall.rows:
        colour = COLOURS[programs.index(row.span.program) % len(COLOURS)]
        table.add_row(
            Text("  " * row.depth + row.span.name), Text(row.span.program, colour),
            f"{row.begins_ms:.1f}", f"{row.takes_ms:.1f}", _bar(row, fall, colour),
            Text(row.span.why, "red"),
        )  # fmt: skip
    return Group(table, Text(f"{len(fall.rows)} spans in {fall.takes_ms:.1f} ms"))


def _bar(row: Row, fall: Waterfall, colour: str) -> Bar:
    whole = fall.takes_ms or 1.0
    ends = max(row.begins_ms + row.takes_ms, row.begins_ms + whole * INSTANT)
    return Bar(whole, row.begins_ms, ends, color="red" if row.span.has_failed else colour)
