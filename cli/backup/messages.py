"""Messages of a stream as lines of JSON, and back into an empty stream."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson

from chassis.bus import Bus, BusError
from chassis.bus.connection import ALREADY_STORED, Outgoing

NOTHING_FURTHER = 10037
PORTION = 50  # of the largest messages no more than one batch may hold
# What the server added when it took a batch: it is of that batch, not of the message.
OF_A_BATCH = "Nats-Batch-"


def last(bus: Bus, stream: str) -> int:
    """The number of its newest message; 0 for none."""
    state = bus.request(f"$JS.API.STREAM.INFO.{stream}", {})["state"]
    return int(state["last_seq"]) if state["messages"] else 0


def lines(bus: Bus, stream: str, until: int) -> Iterator[bytes]:
    """Each message up to that number, in order."""
    number = 1
    while number <= until and (message := _next(bus, stream, number)):
        if message["seq"] > until:
            return
        number = message["seq"] + 1
        yield orjson.dumps(_plain(message)) + b"\n"


def load(bus: Bus, written: Iterable[bytes]) -> int:
    """Publish messages as they were; how many."""
    given, number = map(_outgoing, written), 0
    while portion := list(islice(given, PORTION)):
        _publish(bus, portion)
        number += len(portion)
    return number


def _next(bus: Bus, stream: str, number: int) -> Mapping[str, Any] | None:
    """The first message from that number on: numbers have gaps."""
    try:
        question = {"seq": number, "next_by_subj": ">"}
        answer = bus.request(f"$JS.API.STREAM.MSG.GET.{stream}", question)
    except BusError as problem:
        if problem.code == NOTHING_FURTHER:
            return None
        raise
    message: Mapping[str, Any] = answer["message"]
    return message


def _plain(message: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "subject": message["subject"],
        "time": message["time"],
        "headers": _headers(base64.b64decode(message.get("hdrs", ""))),
        "payload": message.get("data", ""),
    }


def _headers(raw: bytes) -> Mapping[str, str]:
    pairs = (line.partition(":") for line in raw.decode().split("\r\n")[1:] if line)
    return {name: value.strip() for name, _, value in pairs if not name.startswith(OF_A_BATCH)}


def _outgoing(line: bytes) -> Outgoing:
    message = orjson.loads(line)
    return Outgoing(message["subject"], base64.b64decode(message["payload"]), message["headers"])


def _publish(bus: Bus, portion: Sequence[Outgoing]) -> None:
    try:
        bus.publish_batch(portion)
    except BusError as problem:
        if problem.code != ALREADY_STORED:
            raise
        for (
            message
        ) in portion:  # an event that was stored twice, long after each other, is stored once
            bus.publish(message)
