"""What a whole region holds in memory at rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.bench.report import Row, bound
from tests.support.region import RunningRegion, descendants

MOST_MIB = 700


def rows(region: RunningRegion) -> Iterator[Row]:
    assert region.process
    parts = {pid: proportional_mib(pid) for pid in descendants(region.process.pid)}
    largest = max(parts.values())
    beside = f"{len(parts)} processes, largest {largest:,.0f}"
    yield bound(
        "memory of the region at rest",
        sum(parts.values()),
        most=MOST_MIB,
        unit="MiB",
        beside=beside,
    )


def proportional_mib(pid: int) -> float:
    """Its proportional set size: what is shared is counted once, divided among the sharers."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0
