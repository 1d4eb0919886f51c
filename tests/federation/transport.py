"""A network that loses, delays, doubles, cuts, replays and edits what travels on it."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable
from itertools import count
from random import Random

from services.federation.protocol.entry import BadEntry, read_entry
from services.federation.protocol.keys import SigningKey
from tests.federation.origin import Chronicle, Origin

Deliver = Callable[[bytes], None]

LOSS, DOUBLE, LATE, REPLAY = 0.15, 0.1, 0.05, 0.04
TAMPER = 0.08


class Transport:
    """Delivers bodies in its own time, if at all, and not always as they were sent."""

    def __init__(self, random: Random, mallory: SigningKey) -> None:
        self.random, self.mallory = random, mallory
        self.is_faulty = True
        self.now = 0
        self.cuts: set[frozenset[str]] = set()
        self._waiting: list[tuple[int, int, Deliver, bytes]] = []
        self._past: list[tuple[Deliver, bytes]] = []
        self._number = count()

    def is_cut(self, one: str, other: str) -> bool:
        return self.is_faulty and frozenset((one, other)) in self.cuts

    def send(self, sender: str, to: str, body: bytes, deliver: Deliver) -> None:
        if self.is_cut(sender, to):
            return
        if not self.is_faulty:
            deliver(body)
            return
        self._past.append((deliver, body))
        if self.random.random() > LOSS:
            self._schedule(deliver, self._tampered(body))
        if self.random.random() < DOUBLE:
            self._schedule(deliver, body)

    def tick(self) -> None:
        """Deliver what is due; now and then something from long ago."""
        self.now += 1
        while self._waiting and self._waiting[0][0] <= self.now:
            _, _, deliver, body = heapq.heappop(self._waiting)
            deliver(body)
        if self._past and self.random.random() < REPLAY:
            deliver, body = self.random.choice(self._past)
            deliver(body)

    def heal(self) -> None:
        """Everything still under way arrives; nothing is lost any more."""
        self.is_faulty = False
        while self._waiting:
            _, _, deliver, body = heapq.heappop(self._waiting)
            deliver(body)

    def _schedule(self, deliver: Deliver, body: bytes) -> None:
        wait = self.random.randint(20, 60) if self.random.random() < LATE else 1
        at = self.now + wait + self.random.randint(0, 3)
        heapq.heappush(self._waiting, (at, next(self._number), deliver, body))

    def _tampered(self, body: bytes) -> bytes:
        if self.random.random() > TAMPER:
            return body
        lines = body.removesuffix(b"\n").split(b"\n")
        tamper = self.random.choice((_flip, _strip, _truncate, _shuffle, self._forge))
        return b"\n".join(tamper(lines, self.random)) + b"\n"

    def _forge(self, lines: list[bytes], random: Random) -> list[bytes]:
        """An entry that fits the chain, signed by somebody else under the origin's key id."""
        try:
            entry, said = read_entry(lines[-2])
        except (IndexError, BadEntry):
            return lines
        forger = Origin(said.origin, self.mallory, Chronicle())
        forger.epoch, forger.log = said.epoch, [entry] * said.seq
        forger.put(said.subject, b"forged")
        return [*lines[:-1], forger.log[-1].line(), lines[-1]]


def _flip(lines: list[bytes], random: Random) -> list[bytes]:
    at = random.randrange(len(lines))
    raw = bytearray(lines[at])
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(7)
    return [*lines[:at], bytes(raw).replace(b"\n", b" "), *lines[at + 1 :]]


def _strip(lines: list[bytes], random: Random) -> list[bytes]:
    """A relay that takes out payloads; signatures and hashes still hold."""
    return [_without_payload(line) for line in lines]


def _without_payload(line: bytes) -> bytes:
    try:
        members = json.loads(line)
    except ValueError:
        return line
    return json.dumps({name: each for name, each in members.items() if name != "payload"}).encode()


def _truncate(lines: list[bytes], random: Random) -> list[bytes]:
    return [*lines[: random.randrange(len(lines))], lines[-1]]


def _shuffle(lines: list[bytes], random: Random) -> list[bytes]:
    return random.sample(lines, len(lines))
