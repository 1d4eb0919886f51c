"""All published notices in memory, each under a number, with a set of numbers for each value one may ask for.

Memory and the time to count grow linearly with the notices, a bit for each and value; words are
found by an inverted index.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import RLock

from google.protobuf.timestamp_pb2 import Timestamp
from interchange.common.v1.types_pb2 import GradeBand, Place, Sector
from interchange.opportunities.v1 import notices_pb2 as pb

from services.matching.distance import Point, point
from services.matching.index import bits
from services.matching.index.words import Words

ANY_GRADE = "ANY"  # of a notice that names no grade


@dataclass(frozen=True, slots=True)
class Facts:
    """What one search asks of thousands of notices, read from each of them once."""

    published: float  # seconds since 1970
    closes: float
    start: str  # YYYY-MM-DD: their order as text is their order in time; empty: flexible
    end: str
    is_remote: bool
    place: Place | None  # its own, or its organisation's
    point: Point | None  # the same


class Catalogue:
    """Put notices in, take them out, ask for sets of them. Hold `lock` over what belongs together."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.words = Words()
        self.notices: dict[int, pb.Notice] = {}
        self.facts: dict[int, Facts] = {}
        self._numbers: dict[str, int] = {}
        self._free: list[int] = []
        self._sets: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._everything = 0
        self._ends: list[tuple[float, int, str]] = []

    def __len__(self) -> int:
        return len(self._numbers)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Many changes, seen all at once and made faster than one by one."""
        with self.lock, self.words.writing():
            yield

    def put(self, notice: pb.Notice, place: Place) -> None:
        """Add a notice that is at this place, empty: nowhere known; or exchange its older self for it."""
        with self.lock:
            self.drop(notice.name)
            number = self._free.pop() if self._free else len(self._numbers)
            self._numbers[notice.name] = number
            self.notices[number] = notice
            self.facts[number] = facts_of(notice, place)
            self._everything |= 1 << number
            for field, value in values_of(notice):
                self._sets[field][value] |= 1 << number
            self.words.put(number, notice)
            if notice.HasField("close_time"):
                heapq.heappush(self._ends, (self.facts[number].closes, number, notice.name))

    def drop(self, name: str) -> None:
        """Take a notice out, if it is in."""
        with self.lock:
            number = self._numbers.pop(name, None)
            if number is None:
                return
            notice = self.notices.pop(number)
            del self.facts[number]
            self._everything &= ~(1 << number)
            for field, value in values_of(notice):
                self._take_from(field, value, number)
            self.words.drop(number)
            self._free.append(number)

    def number(self, name: str) -> int | None:
        """The number of a notice; None when it is not in."""
        return self._numbers.get(name)

    def open_at(self, at: datetime) -> int:
        """All whose end has not come, whether or not that was announced."""
        with self.lock:
            while self._ends and self._ends[0][0] <= at.timestamp():
                _, number, name = heapq.heappop(self._ends)
                # Since then it may have got another end, or another number.
                if self._numbers.get(name) == number and self._has_ended(number, at):
                    self.drop(name)
            return self._everything

    def having(self, field: str, values: Iterable[str]) -> int:
        """Those that have any of the values."""
        sets = self._sets.get(field, {})
        return bits.union(sets.get(value, 0) for value in values)

    def values(self, field: str) -> Mapping[str, int]:
        """Every value of a field with the set of those that have it."""
        return self._sets.get(field, {})

    def close(self) -> None:
        self.words.close()

    def _has_ended(self, number: int, at: datetime) -> bool:
        return self.facts[number].closes <= at.timestamp()

    def _take_from(self, field: str, value: str, number: int) -> None:
        left = self._sets[field][value] & ~(1 << number)
        if left:
            self._sets[field][value] = left
        else:
            del self._sets[field][value]


def values_of(notice: pb.Notice) -> Iterable[tuple[str, str]]:
    """Everything that one may filter by, as field and value."""
    yield "kind", pb.Kind.Name(notice.kind)
    yield "format", pb.Format.Name(notice.format)
    yield "visibility", pb.Visibility.Name(notice.visibility)
    yield "attendance", pb.Attendance.Name(notice.attendance)
    yield "organisation", notice.organisation
    if notice.sector:
        yield "sector", Sector.Name(notice.sector)
    for theme in dict.fromkeys(map(str.casefold, notice.themes)):
        yield "theme", theme
    for skill in dict.fromkeys(map(str.casefold, notice.skills)):
        yield "skill", skill
    for grade in dict.fromkeys(notice.grade_bands):
        yield "grade_band", GradeBand.Name(grade)
    if not notice.grade_bands:
        yield "grade_band", ANY_GRADE


def facts_of(notice: pb.Notice, place: Place) -> Facts:
    is_somewhere = bool(place.latitude or place.longitude)
    return Facts(
        published=_seconds(notice.publish_time),
        closes=_seconds(notice.close_time),
        start=notice.start_date,
        end=notice.end_date,
        is_remote=notice.attendance == pb.REMOTE,
        place=place if is_somewhere else None,
        point=point(place.latitude, place.longitude) if is_somewhere else None,
    )


def _seconds(stamp: Timestamp) -> float:
    return float(stamp.seconds + stamp.nanos / 1e9)
