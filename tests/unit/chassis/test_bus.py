"""Events on a real nats-server: none lost, none handled twice, none that can't be handled in the way of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from interchange.common.v1 import dead_letters_pb2 as dead_letters_pb
from interchange.identity.v1 import events_pb2 as events
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from chassis.auth import Principal, acting_as
from chassis.bus import (
    Bus,
    BusError,
    Consumer,
    Permanent,
    Relay,
    Together,
    current_event,
    dead_letters,
    publish,
    publish_all,
)
from chassis.bus.connection import Outgoing
from chassis.bus.handling import Handler, Handling
from chassis.bus.permissions import ADMIN
from chassis.bus.relay import BATCH, FEW
from chassis.bus.tables import dead_letter, inbox, outbox
from chassis.clock import now
from chassis.database import Database, after_commit
from chassis.operations import DeadLetterService
from tests.conftest import Databases
from tests.support.servers import Nats
from tests.support.waiting import eventually


@dataclass
class Hearer:
    """A handler that remembers what was committed, and fails as it is told."""

    heard: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    failures: int = 0
    poison: str = ""

    def __call__(self, session: Session, event: events.PersonErased) -> None:
        if event.person == self.poison:
            raise Permanent("poison")
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not now")
        meta = current_event()
        after_commit(session, lambda: self.heard.append(event.person))
        after_commit(session, lambda: self.ids.append(meta.id))


@contextmanager
def hearing(
    nats: Nats, database: Database, hearer: Handler, *, retry_s: float = 0.05
) -> Iterator[Consumer]:
    with nats.connect("opportunities") as bus:
        handlers = {events.PersonErased: hearer}
        consumer = Consumer(database, bus, "opportunities", handlers, retry_s=retry_s)
        consumer.start()
        yield consumer
        consumer.stop()


@contextmanager
def relaying(nats: Nats, database: Database) -> Iterator[Relay]:
    # As administrator: here one database holds what two programs say.
    with nats.connect(ADMIN) as bus:
        relay = Relay(database, bus, "identity")
        relay.start()
        yield relay
        relay.stop()


def announce(database: Database, *people: str) -> None:
    with database.begin() as session:
        for person in people:
            publish(session, events.PersonErased(person=person))


def waiting(database: Database) -> int:
    with database.read() as session:
        unpublished = outbox.c.published_at.is_(None)
        return session.scalar(select(func.count()).select_from(outbox).where(unpublished)) or 0


def numbered(count: int) -> list[str]:
    return [f"people/{number}" for number in range(count)]


def test_events_arrive_in_order_once(nats: Nats, databases: Databases) -> None:
    database = databases("opportunities")
    hearer = Hearer()
    people = numbered(3 * BATCH + 1)

    with relaying(nats, database), hearing(nats, database, hearer):
        for start in range(0, len(people), 50):
            announce(database, *people[start : start + 50])
        eventually(lambda: _same(hearer.heard, people), timeout_s=20)

    assert waiting(database) == 0


def test_a_change_that_is_rolled_back_announces_nothing(databases: Databases) -> None:
    database = databases("opportunities")

    with pytest.raises(RuntimeError), database.begin() as session:
        publish(session, events.PersonErased(person="people/1"))
        raise RuntimeError

    assert waiting(database) == 0


def test_many_announced_at_once_arrive_in_order(nats: Nats, databases: Databases) -> None:
    database = databases("opportunities")
    hearer = Hearer()
    people = numbered(BATCH + 1)

    with relaying(nats, database), hearing(nats, database, hearer):
        with database.begin() as session:
            publish_all(session, (events.PersonErased(person=person) for person in people))
        eventually(lambda: _same(hearer.heard, people), timeout_s=20)

    assert len(set(hearer.ids)) == len(people)


def test_none_announced_at_once_is_nothing(databases: Databases) -> None:
    database = databases("opportunities")

    with database.begin() as session:
        publish_all(session, [])

    assert waiting(database) == 0


def test_an_event_that_arrives_twice_is_handled_once(nats: Nats, databases: Databases) -> None:
    database = databases("opportunities")
    hearer = Hearer()
    announce(database, "people/1")
    with database.read() as session:
        row = session.execute(select(outbox)).one()
    twice = Outgoing(row.subject, row.payload, row.headers)

    with nats.connect("identity") as bus, hearing(nats, database, hearer):
        bus.publish(twice)
        eventually(lambda: _same(hearer.heard, ["people/1"]))
        eventually(lambda: bus.publish(twice))
        announce(database, "people/2")
        with relaying(nats, database):
            eventually(lambda: _same(hearer.heard, ["people/1", "people/2"]))


def test_a_consumer_has_caught_up_once_it_has_handled_what_waited_for_it(
    nats: Nats, databases: Databases
) -> None:
    database = databases("opportunities")
    hearer = Hearer()
    with relaying(nats, database):
        announce(database, *numbered(250))
        eventually(lambda: _same([waiting(database)], [0]))

    with hearing(nats, database, hearer) as consumer:
        assert not consumer.has_caught_up
        eventually(lambda: _same([consumer.has_caught_up], [True]))
        heard = list(hearer.heard)

    assert heard == numbered(250)


def test_a_handler_of_masses_is_given_what_follows_each_other_once_and_in_order(
    databases: Databases,
) -> None:
    database = databases("opportunities")
    told: list[list[str]] = []

    def hear(_: Session, erased: Sequence[events.PersonErased]) -> None:
        told.append([each.person for each in erased])

    def interrupt(_: Session, event: events.PersonJoined) -> None:
        told.append([event.person])

    handling = Handling(
        "opportunities",
        {events.PersonErased: Together(hear), events.PersonJoined: interrupt},
    )
    announce(database, *numbered(3))
    with database.begin() as session:
        publish(session, events.PersonJoined(person="people/x"))
    announce(database, "people/3")
    with database.read() as session:
        rows = session.execute(select(outbox).order_by(outbox.c.pos)).all()
    arrived = [(row.subject, row.headers, row.payload) for row in rows]

    with database.begin() as session:
        assert handling.apply_all(session, [arrived[0], *arrived]) == 5
    with database.begin() as session:
        assert handling.apply_all(session, arrived) == 0

    assert told == [["people/0", "people/1", "people/2"], ["people/x"], ["people/3"]]


def test_poison_among_masses_keeps_nobody_else_out(nats: Nats, databases: Databases) -> None:
    database = databases("opportunities")
    hearer = Hearer(poison="people/1")

    def hear(session: Session, erased: Sequence[events.PersonErased]) -> None:
        for each in erased:
            hearer(session, each)

    with relaying(nats, database), hearing(nats, database, Together(hear)):
        announce(database, *numbered(3))
        eventually(lambda: _same(sorted(hearer.heard), ["people/0", "people/2"]))
        eventually(lambda: _same([_count(database, dead_letter)], [1]))


def test_leaving_the_bus_is_no_news_but_losing_it_is(nats: Nats) -> None:
    with capture_logs() as said:
        with nats.connect(ADMIN):
            pass
        assert said == []

        with nats.connect(ADMIN):
            nats.kill()
            eventually(lambda: _require("bus_disconnected" in [each["event"] for each in said]))


def _require(truth: bool) -> None:
    assert truth


@pytest.mark.parametrize("events", [FEW, FEW + 1])
def test_what_was_published_but_not_marked_is_no_trouble(
    nats: Nats, databases: Databases, events: int
) -> None:
    """The relay died between the stream's word and its own mark."""
    database = databases("opportunities")
    hearer = Hearer()
    announce(database, *numbered(events))
    with database.read() as session:
        first = session.execute(select(outbox).order_by(outbox.c.pos)).first()
    assert first

    with nats.connect(ADMIN) as admin:
        shape = admin.request("$JS.API.STREAM.INFO.EVT", {})["config"]
        admin.request("$JS.API.STREAM.UPDATE.EVT", {**shape, "duplicate_window": 600 * 10**9})
    with nats.connect("identity") as bus:
        bus.publish(Outgoing(first.subject, first.payload, first.headers))
    with relaying(nats, database), hearing(nats, database, hearer):
        eventually(lambda: _same(sorted(hearer.heard), numbered(events)))

    assert waiting(database) == 0


def test_a_handler_that_fails_is_tried_again(nats: Nats, databases: Databases) -> None:
    database = databases("opportunities")
    hearer = Hearer(failures=3)

    with relaying(nats, database), hearing(nats, database, hearer):
        announce(database, *numbered(2))
        eventually(lambda: _same(sorted(hearer.heard), numbered(2)), timeout_s=20)

    assert _count(database, dead_letter) == 0


def test_poison_becomes_a_dead_letter_and_the_rest_flows_on(
    nats: Nats, databases: Databases
) -> None:
    database = databases("opportunities")
    hearer = Hearer(poison="people/1")

    with relaying(nats, database), hearing(nats, database, hearer):
        announce(database, *numbered(3))
        eventually(lambda: _same(sorted(hearer.heard), ["people/0", "people/2"]))
        eventually(lambda: _same([_count(database, dead_letter)], [1]))
        announced = eventually(lambda: _last_of(nats, "DLQ"))

    assert announced["subject"] == "dlq.opportunities.permanent"


def test_what_keeps_failing_is_given_up_after_six_deliveries(
    nats: Nats, databases: Databases
) -> None:
    database = databases("opportunities")
    hearer = Hearer(failures=1000)

    with relaying(nats, database), hearing(nats, database, hearer, retry_s=0.01):
        announce(database, "people/1")
        eventually(lambda: _same([_count(database, dead_letter)], [1]), timeout_s=20)

    with database.read() as session:
        letter = session.execute(select(dead_letter)).one()
    assert (letter.reason, letter.deliveries) == ("gave_up", 6)
    assert "not now" not in letter.detail  # the text of an error may quote people's data


def test_a_dead_letter_is_replayed_when_its_cause_is_mended(
    nats: Nats, databases: Databases
) -> None:
    database = databases("opportunities")
    hearer = Hearer(poison="people/1")
    with relaying(nats, database), hearing(nats, database, hearer):
        announce(database, "people/1")
        eventually(lambda: _same([_count(database, dead_letter)], [1]))
    acts: list[tuple[str, str]] = []
    service = DeadLetterService(
        database,
        "opportunities",
        lambda *act: acts.append(act),
        {events.PersonErased: hearer},
    )
    operator = Principal(person="people/9", roles=frozenset({"operator"}))

    with acting_as(operator):
        letter = service.ListDeadLetters(_list(), None).dead_letters[0]  # type: ignore[arg-type]
        replay = dead_letters_pb.ReplayDeadLetterRequest(name=letter.name)
        with pytest.raises(Exception, match="STILL_FAILS"):
            service.ReplayDeadLetter(replay, None)  # type: ignore[arg-type]
        hearer.poison = ""
        replayed = service.ReplayDeadLetter(replay, None)  # type: ignore[arg-type]

    assert letter.name.startswith("programs/opportunities/deadLetters/")
    assert replayed.state == dead_letters_pb.DeadLetter.REPLAYED
    assert hearer.heard == ["people/1"]
    assert acts == [("deadLetter.replay", letter.name)] * 2  # tries that fail are recorded too
    with pytest.raises(Exception, match="NOT_WAITING"):
        service.ReplayDeadLetter(replay, None)  # type: ignore[arg-type]


def test_decided_dead_letters_are_forgotten_and_waiting_ones_are_not(databases: Databases) -> None:
    database = databases("opportunities")
    states = ("WAITING", "REPLAYED", "DROPPED")
    with database.begin() as session:
        for state in states:
            headers = {"ce-id": state}
            dead_letters.keep(
                session,
                program="opportunities",
                subject="evt.identity.person.erased",
                headers=headers,
                payload=b"",
                deliveries=1,
                reason=dead_letters.Reason.PERMANENT,
                problem=Permanent("poison"),
            )
            of_it = dead_letter.c.event_id == state
            session.execute(update(dead_letter).where(of_it).values(state=state))

    with database.begin() as session:
        dead_letters.forget_decided(session, before=now())

    with database.read() as session:
        assert session.scalars(select(dead_letter.c.state)).all() == ["WAITING"]


def test_no_event_is_lost_when_the_bus_dies(nats: Nats, databases: Databases) -> None:
    database = databases("opportunities")
    hearer = Hearer()
    people = numbered(300)

    with relaying(nats, database), hearing(nats, database, hearer):
        announce(database, *people[:100])
        nats.kill()
        announce(database, *people[100:200])
        nats.start()
        announce(database, *people[200:])
        eventually(lambda: _same(sorted(set(hearer.heard)), sorted(people)), timeout_s=60)

    assert len(hearer.ids) == len(set(hearer.ids)) == len(people)
    assert _count(database, inbox) == len(people)


def test_a_program_may_speak_for_itself_only(nats: Nats) -> None:
    forged = Outgoing("evt.identity.person.erased", b"", {"Nats-Msg-Id": "1"})

    with nats.connect("matching") as bus:
        with pytest.raises(BusError):
            bus.publish(forged)
        with pytest.raises(BusError):
            bus.request("$JS.API.STREAM.PURGE.EVT", {})

    assert _last_of_or_none(nats, "EVT") is None


def test_an_event_needs_a_subject(databases: Databases) -> None:
    database = databases("opportunities")

    with pytest.raises(TypeError), database.begin() as session:
        publish(session, dead_letters_pb.DeadLetter())


def _same(found: object, wanted: object) -> None:
    assert found == wanted


def _count(database: Database, table: object) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


def _list() -> dead_letters_pb.ListDeadLettersRequest:
    return dead_letters_pb.ListDeadLettersRequest()


def _last_of(nats: Nats, stream: str) -> dict[str, str]:
    found = _last_of_or_none(nats, stream)
    assert found
    return found


def _last_of_or_none(nats: Nats, stream: str) -> dict[str, str] | None:
    with nats.connect(ADMIN) as admin:
        state = admin.request(f"$JS.API.STREAM.INFO.{stream}", {})["state"]
        if not state["messages"]:
            return None
        question = f"$JS.API.STREAM.MSG.GET.{stream}"
        found: dict[str, str] = admin.request(question, {"seq": state["last_seq"]})["message"]
        return found


def test_connecting_to_nobody_says_so() -> None:
    bus = Bus("nats://127.0.0.1:1", name="matching")

    with pytest.raises(BusError):
        bus.open(within_s=0.5)
