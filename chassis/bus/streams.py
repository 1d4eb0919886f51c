"""Streams and durable consumers, made by an administrator before any program starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.bus import lanes
from chassis.bus.connection import Bus, BusError
from chassis.bus.consumer import STREAM

DAY_NS = 86_400 * 10**9
SECOND_NS = 10**9
MISSING = 10059

STREAMS: Sequence[dict[str, Any]] = (
    {
        "name": STREAM,
        "subjects": ["evt.>", f"{lanes.ROOT}.>"],
        "max_age": 14 * DAY_NS,
        "max_bytes": 8_000_000_000,
        "max_msg_size": 65_536,
        "duplicate_window": 600 * SECOND_NS,
        "allow_atomic": True,
        "allow_direct": True,
        # A full disk pushes back to the outbox; it never eats history.
        "discard": "new",
    },
    {
        "name": "DLQ",
        "subjects": ["dlq.>"],
        "max_age": 90 * DAY_NS,
        "max_bytes": 1_000_000_000,
        "allow_atomic": True,
        "discard": "new",
    },
    {
        # A net under our own dead letters, not the mechanism.
        "name": "ADV",
        "subjects": [
            "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>",
            "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>",
        ],
        "max_age": 30 * DAY_NS,
        "max_bytes": 100_000_000,
        "discard": "old",
    },
)


class NotDurable(Exception):
    """The server may acknowledge what a power cut would take back."""


def provision(
    bus: Bus,
    filters: Mapping[str, Sequence[str]],
    *,
    replicas: int = 1,
    duplicate_window_s: float = 600,
) -> None:
    """Make or update all streams, and durable consumers for each program in `filters`. Safe to run again.

    A program that hears on lanes has a consumer for each of them beside the common one.
    """
    for stream in STREAMS:
        shape = {"storage": "file", "retention": "limits", "num_replicas": replicas, **stream}
        if "duplicate_window" in shape:
            shape["duplicate_window"] = int(duplicate_window_s * SECOND_NS)
        _ensure_stream(bus, shape)
    for program, subjects in filters.items():
        _ensure_consumer(bus, program, lanes.of_bus(subjects))
        if lanes.is_hearing(subjects):
            for lane, durable in enumerate(lanes.durables(program)):
                _ensure_consumer(bus, durable, lanes.of_lanes(subjects, lane))


def require_sync_always(system: Bus) -> None:
    """Ask the server, through its system account, whether it syncs before it answers; NotDurable when not."""
    answer = system.ask("$SYS.REQ.SERVER.PING.VARZ")
    config = answer.get("data", {}).get("jetstream", {}).get("config", {})
    if not config.get("sync_always"):
        raise NotDurable(
            "JetStream must run with `sync_interval: always`: "
            "without it a power cut loses acknowledged events"
        )


def _ensure_stream(bus: Bus, shape: Mapping[str, Any]) -> None:
    verb = "UPDATE" if _exists(bus, f"$JS.API.STREAM.INFO.{shape['name']}") else "CREATE"
    bus.request(f"$JS.API.STREAM.{verb}.{shape['name']}", shape)


def _ensure_consumer(bus: Bus, durable: str, subjects: Sequence[str]) -> None:
    config = {
        "durable_name": durable,
        "filter_subjects": list(subjects),
        "ack_policy": "explicit",
        "deliver_policy": "all",
        "ack_wait": 30 * SECOND_NS,  # longer than the slowest batch
        # Without end: who gives up is the consumer, which keeps a dead letter; a limit here would
        # silently park what came while a database was away.
        "max_deliver": -1,
        "max_ack_pending": 256,
        "max_waiting": 16,
    }
    body = {"stream_name": STREAM, "config": config}
    bus.request(f"$JS.API.CONSUMER.DURABLE.CREATE.{STREAM}.{durable}", body)


def _exists(bus: Bus, question: str) -> bool:
    try:
        bus.request(question, {})
    except BusError as problem:
        if problem.code == MISSING:
            return False
        raise
    return True
