"""Search of a million notices, beside a hundred thousand in the same run.

It takes some twenty minutes and ten gigabytes, so it is asked only by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.bench.corpus import notices
from tests.bench.questions.searching import desk, percentiles
from tests.bench.report import Row

FEW, MANY = 100_000, 1_000_000
MOST_TIMES = 3


def rows(folder: Path) -> Iterator[Row]:
    few, many = (percentiles_of(folder / str(count), count) for count in (FEW, MANY))
    times = many[1] / few[1]
    yield Row(
        f"search of {MANY:,} by gRPC, p50/p99",
        f"{times:.1f}x ({many[0]:.0f}/{many[1]:.0f} ms)",
        f"of {FEW:,} {few[0]:.0f}/{few[1]:.0f} ms",
        f"<= {MOST_TIMES}x",
        times <= MOST_TIMES,
    )


def percentiles_of(folder: Path, count: int) -> tuple[float, float]:
    folder.mkdir()
    with desk(folder, list(notices(count))) as matching:
        return percentiles(lambda query, filters: matching.search(query, **filters))
