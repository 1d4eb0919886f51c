"""Lanes on a real nats-server: nobody waits behind what one partner sends in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from interchange.federation.v1 import events_pb2 as events
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.bus import BusError, Consumer, Permanent, Refused, Relay, lanes, publish_all
from chassis.bus.connection import NO_TURNS, Outgoing
from chassis.bus.consumer import A_TURN
from chassis.bus.handling import Handling
from chassis.bus.outbox import has_waiting
from chassis.bus.permissions import ADMIN
from chassis.bus.tables import dead_letter, inbox
from chassis.database import Database, after_commit
from cli.hearing import HEARING
from tests.conftest import Databases
from tests.support.servers import Nats
from tests.support.waiting import eventually

Told = events.PartnerNoticesTold


@dataclass
class Hearer:
    """Remembers from whom it heard, in order; can't take what a region named `bad` says."""

    heard: list[str] = field(default_factory=list)

    def __call__(self, session: Session, event: Told) -> Refused:
        after_commit(session, lambda: self.heard.append(event.region))
        alone = [Told(region="bad", gone=[each]) for each in event.gone if each.notice == "bad"]
        return [(each, Permanent("bad")) for each in alone]


def tell(database: Database, lane: int | None, *regions: str) -> None:
    with database.begin() as session:
        publish_all(session, [Told(region=each) for each in regions], lane=lane)


@contextmanager
def hearing(
    nats: Nats,
    database: Database,
    hearer: Hearer,
    *,
    on_lanes: bool = True,
    turn: Callable[[], int] = lambda: NO_TURNS,
) -> Iterator[None]:
    with nats.connect("opportunities") as bus:
        consumer = Consumer(
            database, bus, "opportunities", {Told: hearer}, on_lanes=on_lanes, turn=turn
        )
        consumer.start()
        yield
        consumer.stop()


def relay(nats: Nats, database: Database) -> None:
    """Take all that waits to the stream."""
    with nats.connect(ADMIN) as bus:
        relay = Relay(database, bus, "federation")
        relay.start()
        eventually(lambda: _require(not _is_waiting(database)))
        relay.stop()


def test_who_comes_after_a_flood_on_another_lane_does_not_wait_for_its_end(
    nats: Nats, databases: Databases
) -> None:
    database, hearer = databases("opportunities"), Hearer()
    tell(database, 3, *["flood"] * 100)
    tell(database, 5, "scotland", "scotland")
    relay(nats, database)

    with hearing(nats, database, hearer):
        eventually(lambda: _require(len(hearer.heard) == 102), timeout_s=20)

    first, second = (place for place, each in enumerate(hearer.heard) if each == "scotland")
    assert (first, second) <= (2, 5)


def test_a_flood_on_a_lane_is_not_in_the_common_way(nats: Nats, databases: Databases) -> None:
    database, hearer = databases("opportunities"), Hearer()
    tell(database, 3, *["flood"] * 10)
    relay(nats, database)

    with (
        hearing(nats, database, common := Hearer(), on_lanes=False),
        hearing(nats, database, hearer),
    ):
        eventually(lambda: _require(len(hearer.heard) == 10))

    assert not common.heard


def test_what_is_on_one_lane_comes_in_order_and_once(nats: Nats, databases: Databases) -> None:
    database, hearer = databases("opportunities"), Hearer()
    numbers = [str(number) for number in range(40)]
    tell(database, 0, *numbers)
    relay(nats, database)

    with hearing(nats, database, hearer):
        eventually(lambda: _require(len(hearer.heard) == 40))
    with hearing(nats, database, hearer):
        pass

    assert hearer.heard == numbers
    with database.read() as session:
        assert len(session.execute(select(inbox)).all()) == 40


def test_in_one_turn_a_lane_has_a_few_and_the_others_theirs(
    nats: Nats, databases: Databases
) -> None:
    database, hearer, turns = databases("opportunities"), Hearer(), [0]
    tell(database, 3, *["flood"] * 2 * A_TURN)
    tell(database, 5, "scotland")
    relay(nats, database)
    a_turn = ["flood"] * A_TURN

    with hearing(nats, database, hearer, turn=lambda: turns[0]):
        eventually(lambda: _require(sorted(hearer.heard) == [*a_turn, "scotland"]))
        tell(database, 5, "wales")
        relay(nats, database)
        eventually(lambda: _require(hearer.heard[-1] == "wales"))
        assert hearer.heard.count("flood") == A_TURN
        turns[0] = 1
        eventually(lambda: _require(hearer.heard.count("flood") == 2 * A_TURN))


def test_what_cannot_be_taken_is_in_the_way_of_nothing_else(databases: Databases) -> None:
    database, hearer = databases("opportunities"), Hearer()
    handling = Handling("opportunities", {Told: hearer})
    event = Told(region="scotland", gone=[_gone("good"), _gone("bad")])
    headers = {"ce-id": "1", "ce-type": Told.DESCRIPTOR.full_name}

    for _ in range(2):
        with database.begin() as session:
            handling.apply(session, "lane.federation.0.notices.told", headers, _bytes(event))

    with database.read() as session:
        [letter] = session.execute(select(dead_letter)).all()
    assert hearer.heard == ["scotland"]
    assert (letter.event_id, letter.reason) == ("1:0", "permanent")
    assert Told.FromString(letter.payload).gone == [_gone("bad")]


def test_who_keeps_copies_hears_of_them_on_lanes() -> None:
    on_lanes = {
        program: lanes.of_lanes(filters, 3)
        for program, filters in HEARING.items()
        if lanes.is_hearing(filters)
    }

    assert on_lanes == {
        "opportunities": ["lane.federation.3.>"],
        "matching": ["lane.opportunities.3.>"],
    }


def test_a_program_may_use_its_own_lanes_only(nats: Nats) -> None:
    forged = Outgoing("lane.federation.0.notices.told", b"", {"Nats-Msg-Id": "1"})

    with nats.connect("opportunities") as bus, pytest.raises(BusError):
        bus.publish(forged)


@pytest.mark.parametrize(
    ("sizes", "parcels"),
    [([], []), ([10] * 120, [50, 50, 20]), ([20_000] * 5, [2, 2, 1]), ([60_000, 10], [1, 1])],
)
def test_an_event_carries_so_many_and_so_much(sizes: list[int], parcels: list[int]) -> None:
    parts = [_gone("x" * size) for size in sizes]

    packed = list(lanes.parcels(parts))

    assert [len(each) for each in packed] == parcels
    assert [part for each in packed for part in each] == parts


def _gone(notice: str) -> events.GoneNoticeFacts:
    return events.GoneNoticeFacts(notice=notice)


def _bytes(event: Told) -> bytes:
    return event.SerializeToString()


def _is_waiting(database: Database) -> bool:
    with database.read() as session:
        return has_waiting(session)


def _require(truth: bool) -> None:
    assert truth
