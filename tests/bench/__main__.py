"""`make bench`: prints the table. The exit status says only whether it ran."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench import freshness, memory, relaying, throughput
from tests.bench.report import Row
from tests.support.region import RunningRegion

QUIET = {"OTLP_ENDPOINT": ""}  # as a region without a collector


def measure(folder: Path) -> Iterator[Row]:
    data = folder / "region"
    data.mkdir()
    with RunningRegion.started(data, **QUIET) as region:
        yield from memory.rows(region)
        yield from throughput.rows(region, folder)
        yield from freshness.rows(region)
    yield from relaying.rows(folder)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for row in measure(Path(folder)):
            rows.append(row)
            print(row, flush=True)
    met = sum(row.is_met for row in rows)
    print(f"bars: {met} of {len(rows)} met")
    sys.exit(0)


if __name__ == "__main__":
    main()
