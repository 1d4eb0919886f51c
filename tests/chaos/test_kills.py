"""One program after the other is killed in the middle of five hundred posts: nobody notices later."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from chassis.database import Database
from cli.settings import SERVICES
from tests.support.posting import Posting, expect_once
from tests.support.region import RunningRegion
from tests.support.waiting import eventually

POSTS = 500
STEPS = 3  # of each notice: posted, submitted, published
CLIENTS = 6
SETTLED_WITHIN_S = 90.0
VICTIMS = ("nats", "valkey", "gateway", *SERVICES)


@pytest.mark.chaos
@pytest.mark.parametrize("victim", VICTIMS)
def test_nothing_is_lost_or_done_twice_when_a_program_is_killed(
    region: RunningRegion, victim: str
) -> None:
    eventually(lambda: _ready(region), timeout_s=30)  # the one before may still be coming back
    world = region.world(f"{victim}chaos")
    organisation = world.organisation(f"Council of {victim}")
    manager = world.manager(organisation, f"Manager {victim}")
    posting = Posting(manager, f"{victim}chaos")

    with ThreadPoolExecutor(CLIENTS) as pool:
        notices = [pool.submit(posting.notice, number) for number in range(POSTS // STEPS + 1)]
        eventually(lambda: _assert(posting.answered > POSTS // 3), timeout_s=60)
        region.kill(victim)
        for notice in notices:
            notice.result()

    assert len(posting.published) == POSTS // STEPS + 1
    with ExitStack() as stack:
        urls = [f"sqlite:///{region.data / f'{service}.db'}" for service in SERVICES]
        databases = [stack.enter_context(Database(url)) for url in urls]
        eventually(lambda: expect_once(posting, organisation, databases), SETTLED_WITHIN_S)


def _ready(region: RunningRegion) -> None:
    assert region.visitor.call("GET", "/readyz").status == 200


def _assert(claim: bool) -> None:
    assert claim
