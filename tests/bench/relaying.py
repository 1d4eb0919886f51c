"""How fast the relay empties an outbox, beside publishing the same events in bare atomic batches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from interchange.identity.v1.events_pb2 import PersonErased
from sqlalchemy import select

from chassis import migrations
from chassis.bus import Bus, Relay, publish
from chassis.bus.connection import Outgoing
from chassis.bus.permissions import ADMIN
from chassis.bus.tables import outbox
from chassis.database import Database, new_id
from tests.bench.report import Row, ratio
from tests.support.servers import nats_server

EVENTS = 10_000
BATCH = 500
ROUNDS = 3


def rows(folder: Path) -> Iterator[Row]:
    with nats_server(folder / "nats") as nats, nats.connect(ADMIN) as bus:
        rounds = [(relay(folder / f"{n}.db", bus), raw(bus)) for n in range(ROUNDS)]
    share = median(ours / theirs for ours, theirs in rounds)
    baseline = median(theirs for _, theirs in rounds)
    what = "outbox relay, sync_interval always"
    yield ratio(what, share * baseline, baseline, least=0.4, unit=" events/s")


def relay(file: Path, bus: Bus) -> float:
    """Events a second from a full outbox to the stream, marks included."""
    url = f"sqlite:///{file}"
    migrations.upgrade("opportunities", url)
    with Database(url) as database:
        for _ in range(EVENTS // 1000):
            with database.begin() as session:
                for number in range(1000):
                    publish(session, PersonErased(person=f"people/{number}"))
        relay = Relay(database, bus, "opportunities")
        started = time.monotonic()
        relay.start()
        while _is_waiting(database):
            time.sleep(0.01)
        seconds = time.monotonic() - started
        relay.stop()
    return EVENTS / seconds


def raw(bus: Bus) -> float:
    """Events a second in bare atomic batches of the same size."""
    payload = PersonErased(person="people/1").SerializeToString()
    started = time.monotonic()
    for _ in range(EVENTS // BATCH):
        batch = [
            Outgoing("evt.identity.person.erased", payload, {"Nats-Msg-Id": new_id().hex})
            for _ in range(BATCH)
        ]
        bus.publish_batch(batch)
    return EVENTS / (time.monotonic() - started)


def _is_waiting(database: Database) -> bool:
    with database.read() as session:
        waiting = select(outbox.c.pos).where(outbox.c.published_at.is_(None))
        return session.scalar(waiting.limit(1)) is not None
