"""What a whole region holds in memory at rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    return _held(pid)["Pss"]


def alone_mib(pids: Iterable[int]) -> float:
    """What a program of these processes would hold in a container of its own, where it shares only files with others.

    Its processes are forks of one, so that the largest's memory has all that they share; the others add what is theirs.
    """
    held = [_held(pid) for pid in pids]
    files = sum(each["Pss_File"] for each in held)
    shared = max(each["Anonymous"] - each["Private_Dirty"] for each in held)
    return files + shared + sum(each["Private_Dirty"] for each in held)


def _held(pid: int) -> dict[str, float]:
    """What the kernel has added up, in MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name.rstrip(":"): int(kib) / 1024 for name, kib, _ in map(str.split, lines)}
