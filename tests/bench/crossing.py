"""How soon a notice of one region is found in another, at rest and while a third floods both.

Found is found by a search, as a visitor would. Searching again and again would cost the region more than
the notice does, so we search once its read model has the notice, which its index shows a moment later:
until then we look into its files, which asks nothing of it. Found too late counts, found too early can't be.
Regions run as they do by default, without traces: their collector would be this process, on the cores that
it measures. The region that floods has written its log before it is read, and does nothing else with it:
that it would do on a machine of its own.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import requests

from chassis.clock import now
from chassis.database import new_id
from chassis.foreign import foreign_name
from tests.bench.report import Row, bound, p99
from tests.bench.stages import Crossing, stages
from tests.support.network import (
    EAST,
    NAMES,
    SCOTLAND,
    SOUTH_WEST,
    RegionInNetwork,
    RunningNetwork,
)
from tests.support.region import RunningRegion
from tests.support.storm import Storm
from tests.support.waiting import eventually
from tests.support.world import Member

WARM = 20
IDLE = 200
# At rest, that is when what the one before left to do is done: mails are sent, its meaning is understood.
REST_S = 0.75
FLOODED = 40
FLOODED_S = 60.0  # so long is looked at most
FLOOD = 5_000  # within what may come at once: it is read at full speed
AT_HOME = ("matching", "notifications")
GIVE_UP_S = 20.0
LOOK_EVERY_S = 0.005  # into files
LETTERS = str.maketrans("0123456789", "ghijklmnop")
# The rhythm that a region has: with that of the tests, which makes seconds of minutes, three regions are never at rest.
USUAL = {
    "INTERCHANGE_POLL_EVERY_S": "30",
    "INTERCHANGE_HELLO_EVERY_S": "60",
    "INTERCHANGE_DOCUMENT_EVERY_S": "3600",
    "INTERCHANGE_MEASURE_EVERY_S": "5",
    "INTERCHANGE_TEND_EVERY_S": "30",
    "OTLP_ENDPOINT": "",
}


def rows(folder: Path) -> Iterator[Row]:
    with RunningNetwork.started(folder, dict.fromkeys(NAMES, USUAL)) as network:
        world = network.east.running.world("crossing")
        manager = world.manager(world.organisation("Crossing"), "Crossing Manager")
        reader = Reader(network.scotland)
        for number in range(WARM):
            cross(reader, manager, f"warm{number}")
        os.sync()  # what was written to get here does not wait for the disk beside what is measured
        calm = [rested(reader, manager, f"idle{number}") for number in range(IDLE)]
        idle = [each.lag_ms for each in calm]
        yield bound(
            "published in A, found in B, idle, p99",
            p99(idle),
            most=250,
            unit="ms",
            beside=f"median {median(idle):,.0f} ms",
        )
        tell(network, calm)
        stormy = during_flood(network, reader, manager)
        flooded = [each.lag_ms for each in stormy]
        yield bound(
            "the same while C floods, p99",
            p99(flooded),
            most=2 * p99(idle),
            unit="ms",
            beside=f"idle {p99(idle):,.0f} ms, {_read(network):,} of C read",
        )
        tell(network, stormy)


def tell(network: RunningNetwork, crossings: Sequence[Crossing]) -> None:
    """Print where their time went."""
    for line in stages(network.east, network.scotland, crossings):
        print(line, flush=True)


def during_flood(network: RunningNetwork, reader: Reader, manager: Member) -> list[Crossing]:
    """Notices of the first region, found in the second while the third publishes thousands."""
    crossings: list[Crossing] = []
    with asleep(network.south_west.running, AT_HOME):
        flood(network)
        until = time.monotonic() + FLOODED_S
        while len(crossings) < FLOODED or (time.monotonic() < until and _read(network) < FLOOD):
            crossings.append(cross(reader, manager, f"flooded{len(crossings)}"))
    return crossings


def flood(network: RunningNetwork) -> None:
    """Let the third region write thousands while nobody can read them, and then say that they are there."""
    region = network.south_west
    world = region.running.world("flood")
    manager = world.manager(world.organisation("Flood"), "Flood Manager")
    region.proxy.cut()
    Storm(region.running, publish(manager, "template")).publish(FLOOD, "Flood")
    eventually(lambda: _has_written(region), timeout_s=FLOODED_S)
    region.proxy.mend()
    publish(manager, "last")


def _has_written(region: RegionInNetwork) -> None:
    progress = region.partner(SCOTLAND).progress
    assert any(not each.incoming and each.head >= FLOOD for each in progress)


@contextmanager
def asleep(region: RunningRegion, programs: Sequence[str]) -> Iterator[None]:
    """What a region that floods does with it at home, it does on a machine of its own."""
    pids = [region.pid(each) for each in programs]
    for each in pids:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in pids:
            os.kill(each, signal.SIGCONT)


def _read(network: RunningNetwork) -> int:
    """How much of the flood has arrived where we look."""
    progress = network.scotland.partner(SOUTH_WEST).progress
    return max(each.cursor for each in progress if each.incoming)


def publish(manager: Member, word: str) -> str:
    name = str(manager.api.post("/v1/notices", draft(word))["name"])
    manager.api.post(f"/v1/{name}:submit")
    manager.api.post(f"/v1/{name}:publish")
    return name


def rested(reader: Reader, manager: Member, kind: str) -> Crossing:
    """One that nothing else is going on beside."""
    time.sleep(REST_S)
    return cross(reader, manager, kind)


def cross(reader: Reader, manager: Member, kind: str) -> Crossing:
    """From the answer to :publish there until search here finds the notice."""
    # A search for what is not there finds what is like it. Many digits in a row look like a telephone number.
    word = f"{kind}{new_id().hex[-12:].translate(LETTERS)}"
    name, answered = publish(manager, word), now()
    give_up = time.monotonic() + GIVE_UP_S
    here = foreign_name(EAST, name)
    while not (reader.may_find(here) and reader.finds(word)) and time.monotonic() < give_up:
        time.sleep(LOOK_EVERY_S)
    return Crossing(name, answered, now())


class Reader:
    """A visitor of a region, with a connection that is kept; knows when to search."""

    def __init__(self, region: RegionInNetwork) -> None:
        self._session, self._url = requests.Session(), f"{region.running.url}/v1/notices:search"
        file = region.running.data / "matching.db"
        self._cards = sqlite3.connect(f"file:{file}?mode=ro", uri=True)

    def may_find(self, name: str) -> bool:
        """Whether the read model has the notice."""
        found = self._cards.execute("SELECT 1 FROM cards WHERE name = ?", (name,))
        return found.fetchone() is not None

    def finds(self, word: str) -> bool:
        """Whether a search answers with the notice, first of all."""
        answer = self._session.get(self._url, params={"query": word, "pageSize": "1"}, timeout=15)
        found = answer.json()["notices"]
        return [each["title"] for each in found] == [draft(word)["title"]]


def draft(word: str) -> dict[str, object]:
    return {
        "kind": "WANTED",
        "format": "MENTORING",
        "title": f"Mentor wanted for {word}",
        "body": "Somebody to talk to once a fortnight.",
        "visibility": "NETWORK",
    }
