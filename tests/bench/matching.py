"""`make bench-matching`: how good matching is and how fast, each figure against a baseline in the same run.

Without names all questions but the long ones are asked; `make bench-matching QUESTIONS="a b"` asks some.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from tests.bench.report import Row

# Each is a module of tests.bench.questions with `rows(folder) -> Iterator[Row]`; the folder is empty and its own.
QUESTIONS: Sequence[str] = (
    *("similarity", "searching", "pairing", "skills", "suggesting", "fairness", "swaps"),
)
# Asked only by name: they take more than a few minutes.
LONG: Sequence[str] = ("million",)


def ask(name: str, folder: Path) -> Iterator[Row]:
    """The rows of one question. What it imports is read when it is asked."""
    yield from import_module(f"tests.bench.questions.{name}").rows(folder)


def main(names: Sequence[str]) -> None:
    unknown = set(names) - {*QUESTIONS, *LONG}
    if unknown:
        raise SystemExit(
            f"no such question: {', '.join(sorted(unknown))}; there are {', '.join((*QUESTIONS, *LONG))}"
        )
    rows = []
    for name in names or QUESTIONS:
        with tempfile.TemporaryDirectory() as folder:
            for row in ask(name, Path(folder)):
                rows.append(row)
                print(row, flush=True)
    print(f"bars: {sum(row.is_met for row in rows)} of {len(rows)} met")


if __name__ == "__main__":
    main(sys.argv[1:])
