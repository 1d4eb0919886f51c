"""People who work while programs are replaced, and what must be true of their work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from threading import Event

from chassis.database import Database
from tests.support.fleet import Fleet
from tests.support.posting import Posting, expect_once
from tests.support.reading import Reading
from tests.support.waiting import eventually

CLIENTS = 2
PACE_S = 0.05  # who starts beside them wants the machine, too
SETTLED_WITHIN_S = 120.0
GOES_ON_WITHIN_S = 120.0
# A request that the door which closed did not take any more: a client sends it again, as HTTP lets it.
NOT_TAKEN = 0
RETRIED = frozenset({NOT_TAKEN})


@contextmanager
def at_work(fleet: Fleet, retried: frozenset[int] = RETRIED) -> Iterator[Callable[[], None]]:
    """People post and look, and read pages if there are any, without a pause for as long as the block takes.

    Nobody notices anything but the answers of these statuses, which clients ask again. What is
    yielded waits until all have gone on for a while.
    """
    world = fleet.world("rolling")
    organisation = world.organisation("Council that works on")
    manager = world.manager(organisation, "Manager who works on")
    posting = Posting(manager, "rolling")
    readings = [Reading.signed_in(fleet.url("web"), manager)] if fleet.has("web") else []
    numbers = count()
    work = [
        *(lambda: posting.notice(next(numbers)) for _ in range(CLIENTS)),
        posting.look,
        *(each.look for each in readings),
    ]
    is_over = Event()
    with ThreadPoolExecutor(len(work)) as pool:
        clients = [pool.submit(until, is_over, each) for each in work]
        try:
            yield lambda: go_on(posting, readings)
        finally:
            is_over.set()
        for client in clients:
            client.result()
    for again in (posting.again, *(each.again for each in readings)):
        assert set(again) <= retried, again
    with ExitStack() as stack:
        databases = [stack.enter_context(Database(url)) for url in fleet.databases.values()]
        eventually(lambda: expect_once(posting, organisation, databases), SETTLED_WITHIN_S)


def until(is_over: Event, work: Callable[[], None]) -> None:
    while not is_over.wait(PACE_S):
        work()


def go_on(posting: Posting, readings: list[Reading]) -> None:
    """Whoever was replaced: those who are there now publish ten more, and show ten more pages."""
    published = len(posting.published)
    read = [each.read for each in readings]

    def all_have() -> None:
        assert len(posting.published) > published + 10
        assert all(each.read > before + 10 for each, before in zip(readings, read, strict=True))

    eventually(all_have, GOES_ON_WITHIN_S)
