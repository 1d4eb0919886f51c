"""What the gateway and the services cost over the bare stack."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from cli.ports import free_port, wait_for_port
from tests.bench import load
from tests.bench.report import Row, ratio
from tests.support.region import RunningRegion
from tests.support.world import Member

ROUNDS = 5
SECONDS = 2.0


@contextmanager
def bare(payload: bytes, folder: Path) -> Iterator[int]:
    """The bare stack with this payload; yields its port."""
    file, port = folder / "payload", free_port()
    file.write_bytes(payload)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bare", str(port), str(file)], stderr=subprocess.DEVNULL
    )
    try:
        assert wait_for_port(port, within_s=10)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def compare(
    what: str, region: RunningRegion, ours: load.Request, folder: Path, *, least: float
) -> Row:
    """Ours and the bare stack by turns, so that both meet the same weather; the median of the rounds' ratios."""
    port = region.book.gateway
    with load.opened(port, 1) as (line,):
        assert load.ask(line, ours(0)) < 300, line.body[:500]
        payload = line.body
    with bare(payload, folder) as bare_port:
        theirs = load.get(bare_port, "/")
        load.press(port, ours, 0.5)
        load.press(bare_port, theirs, 0.5)
        rounds = []
        for _ in range(ROUNDS):
            mine = load.press(port, ours, SECONDS)
            other = load.press(bare_port, theirs, SECONDS)
            assert not mine.refused + other.refused, f"{what}: {mine} {other}"
            rounds.append((mine.per_second, other.per_second))
    share = median(mine / other for mine, other in rounds)
    baseline = median(other for _, other in rounds)
    return ratio(what, share * baseline, baseline, least=least)


def rows(region: RunningRegion, folder: Path) -> Iterator[Row]:
    world = region.world("throughput")
    manager = world.manager(world.organisation("Bench"), "Bench Manager")
    names = [world.publish(manager) for _ in range(25)]
    port = region.book.gateway
    yield compare("GET one notice", region, load.get(port, f"/v1/{names[0]}"), folder, least=0.6)
    page = load.get(port, "/v1/notices?pageSize=20")
    yield compare("GET a page of 20 notices", region, page, folder, least=0.5)
    yield compare("POST a notice", region, posting(port, manager), folder, least=0.35)


def posting(port: int, manager: Member) -> load.Request:
    """Drafts, each with another title."""
    return load.post(port, "/v1/notices", draft, f"Authorization: Bearer {manager.api.token}\r\n")


def draft(number: int) -> bytes:
    return json.dumps(
        {
            "kind": "WANTED",
            "format": "WORK_SHADOWING",
            "title": f"Work shadowing wanted, number {number}",
            "body": "A colleague would like to see how a district runs its service.",
            "themes": ["housing"],
            "skills": ["housing-options"],
        }
    ).encode()
