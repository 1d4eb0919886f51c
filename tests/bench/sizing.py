"""`make bench-sizing`: what a request, an event and a notice cost each program, in CPU, disk and memory.

CPU seconds, not seconds: they say the same on a busy machine. SIZES="10000 100000 1000000" grows a
region so far, the longest in an hour or two. Prints tables for docs/sizing.md.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from cli.settings import PROGRAMS
from tests.bench.memory import alone_mib
from tests.support.api import Api
from tests.support.region import RunningRegion, descendants
from tests.support.storm import Storm
from tests.support.waiting import eventually
from tests.support.world import Member

REQUESTS = 300
PUBLISHED = 100
# So many come at once, and their titles come again with the next: the encoder reads each once.
TOGETHER = 10_000
SIZES = [int(each) for each in os.environ.get("SIZES", "10000 100000").split()]
DRAINED_WITHIN_S = 7200.0
ALL = (*PROGRAMS, "nats", "valkey")
STORES = {
    "opportunities": "opportunities.db*",
    "matching": "matching.db*",
    "index": "matching-index/**/*",
    "notifications": "notifications.db*",
    "federation": "federation.db*",
    "streams": "nats/store/**/*",
}
TICK_S = 1 / os.sysconf("SC_CLK_TCK")

Figures = Mapping[str, float]


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningRegion.started(Path(folder), OTLP_ENDPOINT="") as region,
    ):
        world = region.world("sizing")
        manager = world.manager(world.organisation("Sizing"), "Sizing Manager")
        template = world.publish(manager)
        table("CPU ms of one", ALL, requests(region, manager, template))
        table("MiB in memory", ALL, [("at rest", memory(region))])
        table("Bytes of one notice, published", STORES, [("by hand", publishing(region, manager))])
        grow(region, Storm(region, template))


def requests(region: RunningRegion, manager: Member, notice: str) -> Iterable[tuple[str, Figures]]:
    """Each kind of request, and a notice from its draft until everybody was told."""
    visitor, reader = region.visitor, Api(f"http://127.0.0.1:{region.book.web}")
    kinds: Mapping[str, Callable[[int], object]] = {
        "GET a notice": lambda _: visitor.get(f"/v1/{notice}"),
        "GET a page of 20": lambda _: visitor.get("/v1/notices", pageSize=20),
        "search": lambda _: visitor.get("/v1/notices:search", query="housing"),
        "page “Notices”": lambda _: reader.get("/notices"),
        "sign in": lambda _: visitor.sign_in(manager.email, "a-long-enough-password"),
    }
    for kind, ask in kinds.items():
        yield kind, cost(region, REQUESTS, ask)
    yield "notice published", cost(region, PUBLISHED, lambda number: publish(manager, f"n{number}"))


def cost(region: RunningRegion, times: int, ask: Callable[[int], object]) -> Figures:
    """CPU milliseconds of each program for one, with all that follows from it."""
    ask(0)
    settle(region)
    before = cpu_s(region)
    for number in range(times):
        ask(number)
    settle(region)
    return {each: 1000 * (spent - before[each]) / times for each, spent in cpu_s(region).items()}


def publishing(region: RunningRegion, manager: Member) -> Figures:
    """Bytes that a published notice adds to each store."""
    settle(region)
    before = sizes(region)
    for number in range(PUBLISHED):
        publish(manager, f"size{number}")
    settle(region)
    return {each: (size - before[each]) / PUBLISHED for each, size in sizes(region).items()}


def grow(region: RunningRegion, storm: Storm) -> None:
    """How store and memory grow, and what it costs matching to take notices in."""
    standing, spent, stored, held = 0, [], [], []
    for size in SIZES:
        before = cpu_s(region)
        for start in range(standing, size, TOGETHER):
            storm.publish(min(TOGETHER, size - start), "Grown")
            settle(region)
        grown = cpu_s(region)
        each = {name: 1000 * (grown[name] - before[name]) / (size - standing) for name in grown}
        standing = size
        spent.append((f"{size:,}", each))
        stored.append((f"{size:,}", {name: size / 1e6 for name, size in sizes(region).items()}))
        held.append((f"{size:,}", memory(region)))
        searched = cost(
            region, REQUESTS, lambda _: region.visitor.get("/v1/notices:search", query="housing")
        )
        spent.append((f"{size:,}: search", searched))
        table("CPU ms of a notice more, at", ALL, spent)
        table("MB on disk, at", STORES, stored)
        table("MiB in memory, at", ALL, held)


def publish(manager: Member, word: str) -> None:
    body = {
        "kind": "WANTED",
        "format": "MENTORING",
        "title": f"Mentor wanted for {word}",
        "body": "Somebody to talk to once a fortnight, about running a housing service in a rural district.",
    }
    name = manager.api.post("/v1/notices", body)["name"]
    manager.api.post(f"/v1/{name}:submit")
    manager.api.post(f"/v1/{name}:publish")


def settle(region: RunningRegion) -> None:
    """Until every event was handled and every mail is out."""
    with region.admin_bus() as bus:

        def drained() -> None:
            for consumer in ("opportunities", "matching", "notifications", "federation"):
                state = bus.request(f"$JS.API.CONSUMER.INFO.EVT.{consumer}", {})
                assert not state["num_pending"] + state["num_ack_pending"], consumer

        eventually(drained, timeout_s=DRAINED_WITHIN_S, every_s=0.2)


def cpu_s(region: RunningRegion) -> Figures:
    return {each: sum(map(process_s, descendants(region.pid(each)))) for each in ALL}


def process_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def memory(region: RunningRegion) -> Figures:
    return {each: alone_mib(descendants(region.pid(each))) for each in ALL}


def sizes(region: RunningRegion) -> Figures:
    return {
        name: float(
            sum(path.stat().st_size for path in region.data.glob(pattern) if path.is_file())
        )
        for name, pattern in STORES.items()
    }


def table(title: str, columns: Iterable[str], rows: Iterable[tuple[str, Figures]]) -> None:
    names = list(columns)
    print(f"\n| {title} | {' | '.join(names)} | all |\n|---|{'---|' * (len(names) + 1)}")
    for what, figures in rows:
        values = [figures[name] for name in names]
        print(
            f"| {what} | {' | '.join(f'{each:,.1f}' for each in [*values, sum(values)])} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
