"""How long after the answer to a publish the notice is found."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from tests.bench.report import Row, bound
from tests.support.api import Api
from tests.support.region import RunningRegion
from tests.support.world import Member

IDLE = 60
BUSY_PER_S = 50
BUSY_S = 6
GIVE_UP_S = 10.0
LOOK_EVERY_S = 0.005


def rows(region: RunningRegion) -> Iterator[Row]:
    world = region.world("freshness")
    manager = world.manager(world.organisation("Fresh"), "Fresh Manager")
    visitor = Api(region.url)
    lags = [lag(visitor, manager, f"idle{number}") for number in range(IDLE)]
    yield _row("found after 201, idle, p99", lags, most=250)
    yield _row(f"found after 201, {BUSY_PER_S} posts/s, p99", busy(visitor, manager), most=1000)


def busy(visitor: Api, manager: Member) -> list[float]:
    """Posts at a steady rate; every tenth of them is published and looked for."""
    lags = []
    started = time.monotonic()
    with ThreadPoolExecutor(12) as pool:
        looked = []
        for number in range(BUSY_PER_S * BUSY_S):
            time.sleep(max(started + number / BUSY_PER_S - time.monotonic(), 0))
            if number % 10 == 0:
                looked.append(pool.submit(lag, visitor, manager, f"busy{number}"))
                continue
            pool.submit(manager.api.post, "/v1/notices", _draft(f"load{number}"))
        lags = [each.result() for each in looked]
    return lags


def lag(visitor: Api, manager: Member, word: str) -> float:
    """Milliseconds from the answer to :publish until search finds the notice by a word of its own."""
    name = manager.api.post("/v1/notices", _draft(word))["name"]
    manager.api.post(f"/v1/{name}:submit")
    manager.api.post(f"/v1/{name}:publish")
    answered = time.monotonic()
    while not visitor.get("/v1/notices:search", query=word, pageSize=1)["notices"]:
        if time.monotonic() > answered + GIVE_UP_S:
            break
        time.sleep(LOOK_EVERY_S)
    return (time.monotonic() - answered) * 1000


def _row(what: str, lags: list[float], *, most: float) -> Row:
    ordered = sorted(lags)
    p99 = ordered[min(int(len(ordered) * 0.99), len(ordered) - 1)]
    return bound(what, p99, most=most, unit="ms", beside=f"median {median(lags):,.0f} ms")


def _draft(word: str) -> dict[str, object]:
    return {
        "kind": "WANTED",
        "format": "MENTORING",
        "title": f"Mentor wanted for {word}",
        "body": "Somebody to talk to once a fortnight.",
    }
