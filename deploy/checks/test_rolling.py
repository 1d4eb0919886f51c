"""Programs are replaced one by one while people work: nothing fails, nothing is lost, old and new go together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import pytest

from chassis.database import Database
from cli.settings import SERVICES
from tests.conftest import new_database
from tests.support import servers
from tests.support.fleet import Fleet, last, today
from tests.support.posting import Posting, expect_once
from tests.support.waiting import eventually

CLIENTS = 2
PACE_S = 0.05  # who starts beside them wants the machine, too
SETTLED_WITHIN_S = 120.0
# A request that the door which closed did not take any more: a client sends it again, as HTTP lets it.
NOT_TAKEN = 0


@pytest.fixture(scope="module")
def postgresql_url() -> Iterator[str]:
    # As root, PostgreSQL runs as another user, who may not enter pytest's folders.
    with (
        TemporaryDirectory(prefix="interchange-") as folder,
        servers.postgresql(Path(folder)) as url,
    ):
        yield url


@pytest.fixture
def fleet(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fleet]:
    """On one disk, as a pilot is; or on PostgreSQL."""
    databases = {each: f"sqlite:///{tmp_path / each}.db" for each in SERVICES}
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql_url")
        databases = {each: new_database(server, each) for each in SERVICES}
    with Fleet.assembled(tmp_path, databases) as assembled:
        yield assembled


on_one_disk = pytest.mark.parametrize("fleet", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("fleet", ["postgresql"], indirect=True)


@on_one_disk
def test_a_rolling_restart_fails_nobody_and_loses_nothing(fleet: Fleet) -> None:
    now = today()
    fleet.start(now)

    with at_work(fleet) as posting:
        for program in now.programs:
            fleet.replace(program, now)
            goes_on(posting)


@on_postgresql
def test_the_last_release_becomes_today_and_back_while_people_work(
    fleet: Fleet, tmp_path: Path
) -> None:
    now, before = today(), last(tmp_path / "released")
    fleet.start(before)

    with at_work(fleet) as posting:
        fleet.prepare(now)
        goes_on(posting)
        for program in now.programs:
            fleet.replace(program, now)
            goes_on(posting)
        for program in reversed(before.programs):
            fleet.replace(program, before)
            goes_on(posting)


@contextmanager
def at_work(fleet: Fleet) -> Iterator[Posting]:
    """People post and look without a pause for as long as the block takes; nobody notices anything."""
    world = fleet.world("rolling")
    organisation = world.organisation("Council that works on")
    posting = Posting(world.manager(organisation, "Manager who works on"), "rolling")
    is_over = Event()
    with ThreadPoolExecutor(CLIENTS + 1) as pool:
        numbers = count()
        clients = [
            *(
                pool.submit(until, is_over, lambda: posting.notice(next(numbers)))
                for _ in range(CLIENTS)
            ),
            pool.submit(until, is_over, posting.look),
        ]
        try:
            yield posting
        finally:
            is_over.set()
        for client in clients:
            client.result()
    assert set(posting.again) <= {NOT_TAKEN}, posting.again
    with ExitStack() as stack:
        databases = [stack.enter_context(Database(url)) for url in fleet.databases.values()]
        eventually(lambda: expect_once(posting, organisation, databases), SETTLED_WITHIN_S)


def until(is_over: Event, work: Callable[[], None]) -> None:
    while not is_over.wait(PACE_S):
        work()


def goes_on(posting: Posting) -> None:
    """Whoever was replaced: those who are there now publish ten more."""
    already = len(posting.published)
    eventually(lambda: _assert(len(posting.published) > already + 10), timeout_s=120)


def _assert(claim: bool) -> None:
    assert claim
