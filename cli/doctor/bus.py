"""Whether the bus keeps what it acknowledges, has every stream and consumer, and everybody keeps up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chassis.bus import Bus, BusError, lanes
from chassis.bus.consumer import STREAM
from chassis.bus.permissions import ADMIN, SYSTEM
from chassis.bus.streams import STREAMS, NotDurable, require_sync_always
from cli.doctor.finding import Finding
from cli.doctor.places import Places
from cli.hearing import HEARING

CONNECT_WITHIN_S = 5.0
BEHIND = 10_000  # events: some seconds' work
FULL = 0.8  # of what a stream may hold
OLDEST = (2, 12)  # the first with atomic batches
PROVISION = "`interchange provision --seeds FOLDER` (`interchange up` does it at each start)"
SYNC = "set `sync_interval: always` under jetstream, and start it again"


def bus(places: Places) -> Iterator[Finding]:
    """The server, its streams, their consumers."""
    if not places.nats_url or not places.nats_seeds:
        return
    try:
        with _connected(places, places.nats_seeds, SYSTEM) as system:
            yield from _server(system)
        with _connected(places, places.nats_seeds, ADMIN) as admin:
            yield from _streams(admin)
            yield from _consumers(admin)
    except (BusError, OSError) as problem:
        remedy = "is nats-server up, and are these its accounts?"
        yield Finding("bus", f"can't be asked: {problem}", remedy)


@contextmanager
def _connected(places: Places, seeds: Path, user: str) -> Iterator[Bus]:
    seed = seeds / f"{user}.nk"
    with Bus(
        places.nats_url, name=user, seed_file=seed, authority_file=places.nats_authority
    ) as opened:
        opened.open(CONNECT_WITHIN_S)
        yield opened


def _server(system: Bus) -> Iterator[Finding]:
    said = system.ask("$SYS.REQ.SERVER.PING.VARZ")["data"]["version"]
    number = tuple(int(part) for part in said.split(".")[:2])
    remedy = "upgrade nats-server: it knows no atomic batches" if number < OLDEST else ""
    yield Finding("bus", f"nats-server {said}", remedy)
    try:
        require_sync_always(system)
        yield Finding("bus", "syncs before it acknowledges")
    except NotDurable:
        yield Finding("bus", "acknowledges what a power cut would lose", SYNC)


def _streams(admin: Bus) -> Iterator[Finding]:
    for shape in STREAMS:
        about = f"stream {shape['name']}"
        try:
            found = admin.request(f"$JS.API.STREAM.INFO.{shape['name']}", {})
        except BusError:
            yield Finding(about, "is not there", PROVISION)
            continue
        wrong = [
            key for key in ("subjects", "discard", "max_age") if found["config"][key] != shape[key]
        ]
        if wrong:
            yield Finding(about, f"has another {', '.join(wrong)}", PROVISION)
            continue
        yield _fullness(about, found["state"]["bytes"] / shape["max_bytes"])


def _fullness(about: str, share: float) -> Finding:
    said = f"is there, {share:.0%} full"
    remedy = (
        "see docs/runbooks/outbox-stuck.md: a full stream refuses what comes"
        if share > FULL
        else ""
    )
    return Finding(about, said, remedy)


def _consumers(admin: Bus) -> Iterator[Finding]:
    for program, subjects in HEARING.items():
        for durable in (program, *(lanes.durables(program) if lanes.is_hearing(subjects) else ())):
            found = _consumer(admin, durable)
            # Of many lanes only what is wrong is news.
            if durable == program or not found.is_well:
                yield found


def _consumer(admin: Bus, durable: str) -> Finding:
    about = f"consumer {durable}"
    try:
        found: dict[str, Any] = admin.request(f"$JS.API.CONSUMER.INFO.{STREAM}.{durable}", {})
    except BusError:
        return Finding(about, "is not there", PROVISION)
    behind = found["num_pending"] + found["num_ack_pending"]
    remedy = "see docs/runbooks/consumer-behind.md" if behind > BEHIND else ""
    return Finding(about, f"is there, {behind} events to handle", remedy)
