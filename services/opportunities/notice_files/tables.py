"""Tables as text (CSV, RFC 4180), safe in spreadsheets: pure, and the same after a round trip."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from chassis.errors import InvalidArgument

FIELD = "csv"
MOST_ROWS = 200
BYTE_ORDER_MARK = "\ufeff"  # some spreadsheets begin a file with it
# With these a spreadsheet begins a formula (OWASP, CSV Injection); an apostrophe says that it is none.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
APOSTROPHE = "'"


def write(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """A header and a line for each row."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _guarded(cell) for name, cell in row.items()})
    return text.getvalue()


def read(text: str, *, columns: Sequence[str], needed: Iterable[str]) -> list[dict[str, str]]:
    """The rows, by column. Empty ones between others stay, so that rows keep their numbers.

    InvalidArgument NOT_A_TABLE, UNKNOWN_COLUMNS, MISSING_COLUMNS, NO_ROWS or TOO_MANY_ROWS.
    """
    header, *lines = _lines(text.removeprefix(BYTE_ORDER_MARK))
    names = [each.strip().lower() for each in header]
    _check_header(names, columns, needed)
    while lines and not any(lines[-1]):
        lines.pop()  # spreadsheets leave empty lines at the end
    if not lines:
        raise InvalidArgument("NO_ROWS", "must have a row below the header", field=FIELD)
    if len(lines) > MOST_ROWS:
        raise InvalidArgument(
            "TOO_MANY_ROWS", f"must have at most {MOST_ROWS} rows: divide it", field=FIELD
        )
    return [dict(zip(names, map(_unguarded, _filled(each, names)), strict=True)) for each in lines]


def _lines(text: str) -> list[list[str]]:
    first = text.partition("\n")[0]
    separator = ";" if ";" in first and "," not in first else ","
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as problem:
        raise InvalidArgument(
            "NOT_A_TABLE", f"is not a CSV table: {problem}", field=FIELD
        ) from problem
    if not lines or not any(lines[0]):
        raise InvalidArgument("NOT_A_TABLE", "must begin with the names of columns", field=FIELD)
    return lines


def _check_header(names: Sequence[str], known: Sequence[str], needed: Iterable[str]) -> None:
    unknown = [each or "(empty)" for each in dict.fromkeys(names) if each not in known]
    if unknown:
        raise InvalidArgument(
            "UNKNOWN_COLUMNS",
            f"has columns that mean nothing here: {', '.join(unknown)[:200]}; known are {', '.join(known)}",
            field=FIELD,
        )
    missing = [each for each in needed if each not in names]
    if missing:
        raise InvalidArgument(
            "MISSING_COLUMNS", f"lacks the columns {', '.join(missing)}", field=FIELD
        )
    if len(set(names)) < len(names):
        raise InvalidArgument("REPEATED_COLUMNS", "must name each column once", field=FIELD)


def _filled(line: Sequence[str], names: Sequence[str]) -> Sequence[str]:
    """As many cells as columns: what is short is empty, what is too much must be empty."""
    if any(each.strip() for each in line[len(names) :]):
        raise InvalidArgument(
            "NOT_A_TABLE",
            "has a row with more cells than the header: put texts with commas in quotes",
            field=FIELD,
        )
    return [*line[: len(names)], *[""] * (len(names) - len(line))]


def _guarded(cell: str) -> str:
    return APOSTROPHE + cell if _is_formula(cell) and not _is_number(cell) else cell


def _unguarded(cell: str) -> str:
    cell = cell.replace("\r\n", "\n")
    return cell[1:] if cell.startswith(APOSTROPHE) and _is_formula(cell) else cell


def _is_formula(cell: str) -> bool:
    """Also behind apostrophes, so that taking one away gives back what was there."""
    return cell.lstrip(APOSTROPHE).startswith(FORMULA)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
