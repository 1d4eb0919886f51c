"""Where the time goes of notices that crossed: read from what each program wrote down when it passed them on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

from chassis.foreign import foreign_name
from tests.bench.report import p99
from tests.support.network import RegionInNetwork

# What ends each stage; the first begins with the answer to :publish.
STAGES = (
    "its own outbox is on the bus",
    "its federation begins to write the log",
    "their federation has pulled and verified",
    "told on their bus",
    "their opportunities begins to take it",
    "announced on their bus",
    "their matching begins to take it",
    "found",
)
LOOKED_AT = 5_000  # the newest rows of a table


@dataclass(frozen=True)
class Crossing:
    """A notice that was published in one region and found in another."""

    name: str
    answered: datetime
    found: datetime

    @property
    def lag_ms(self) -> float:
        return (self.found - self.answered).total_seconds() * 1000


def stages(
    there: RegionInNetwork, here: RegionInNetwork, crossings: Sequence[Crossing]
) -> Iterator[str]:
    """A line for each stage, in milliseconds: the median, the 99th percentile, and the share of the whole."""
    durations = [each for each in map(Passage(there, here).durations, crossings) if each]
    whole = sum(map(sum, durations)) or 1.0
    for number, stage in enumerate(STAGES):
        taken = [each[number] for each in durations]
        if taken:
            share = sum(taken) / whole
            yield f"    {stage:<42} {median(taken):>7,.0f} ms, p99 {p99(taken):>7,.0f} ms, {share:>4.0%}"


class Passage:
    """When each program on the way had which notice."""

    def __init__(self, there: RegionInNetwork, here: RegionInNetwork) -> None:
        self._origin = there.code
        self._told_there = _events(there, "opportunities", "evt.")
        self._logged = _firsts(there, "federation", "log_entries", "subject", "time")
        self._received = _firsts(here, "federation", "received_entries", "subject", "receive_time")
        self._told_here = _events(here, "federation", "lane.")
        self._copied = _events(here, "opportunities", "lane.")
        self._heard = _firsts(here, "matching", "inbox", "event_id", "at")

    def durations(self, crossing: Crossing) -> list[float] | None:
        """Milliseconds of each stage; None when a program has not written it down."""
        own, copy = crossing.name, foreign_name(self._origin, crossing.name)
        subject = own.removeprefix("notices/")
        told, copied = self._told_here.get(copy), self._copied.get(copy)
        moments = [
            crossing.answered,
            self._told_there[own].published if own in self._told_there else None,
            _moment(self._logged.get(subject)),
            _moment(self._received.get(subject)),
            told.published if told else None,
            copied.created if copied else None,
            copied.published if copied else None,
            _moment(self._heard.get(copied.id)) if copied else None,
            crossing.found,
        ]
        known = [each for each in moments if each]
        if len(known) < len(moments):
            return None
        return [(after - before).total_seconds() * 1000 for before, after in pairwise(known)]


@dataclass(frozen=True)
class Told:
    """An event on its way through an outbox."""

    id: str
    created: datetime
    published: datetime


def _events(region: RegionInNetwork, program: str, prefix: str) -> dict[str, Told]:
    """By the name of a notice the first event that tells of it as published."""
    told: dict[str, Told] = {}
    statement = (
        "SELECT event_id, created_at, published_at, payload FROM outbox "
        f"WHERE published_at IS NOT NULL AND subject LIKE '{prefix}%' "
        f"AND (subject NOT LIKE 'evt.%' OR subject LIKE '%.published') ORDER BY pos DESC LIMIT {LOOKED_AT}"
    )
    for event_id, created, published, payload in _rows(region, program, statement):
        start, end = _moment(created), _moment(published)
        assert start and end
        for name in _names(payload):
            told[name] = Told(_hyphened(event_id), start, end)
    return told


def _firsts(region: RegionInNetwork, program: str, table: str, key: str, at: str) -> dict[str, str]:
    """When something first stood in a table."""
    return dict(_rows(region, program, f"SELECT {key}, min({at}) FROM {table} GROUP BY {key}"))


def _names(payload: bytes) -> Iterator[str]:
    start = payload.find(b"notices/")
    while start >= 0:
        yield payload[start : start + 44].decode(errors="replace")
        start = payload.find(b"notices/", start + 1)


def _hyphened(event_id: str) -> str:
    digits = event_id.replace("-", "")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written).replace(tzinfo=UTC) if written else None


def _rows(region: RegionInNetwork, program: str, statement: str) -> list[tuple[str, ...]]:
    file: Path = region.running.data / f"{program}.db"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(statement).fetchall()
