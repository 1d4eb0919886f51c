"""All published notices in memory, each under a number, with a set of numbers for each value one may ask for.

Memory and the time to count grow linearly with the notices, a bit for each and value; words are
found by an inverted index.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from threading import RLock

from interchange.common.v1.types_pb2 import GradeBand, Sector
from interchange.opportunities.v1 import notices_pb2 as pb

from services.matching.index import bits
from services.matching.index.words import Words

ANY_GRADE = "ANY"  # of a notice that names no grade


class Catalogue:
    """Put notices in, take them out, ask for sets of them. Hold `lock` over what belongs together."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.words = Words()
        self.notices: dict[int, pb.Notice] = {}
        self._numbers: dict[str, int] = {}
        self._free: list[int] = []
        self._sets: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._everything = 0
        self._ends: list[tuple[float, int, str]] = []

    def __len__(self) -> int:
        return len(self._numbers)

    def put(self, notice: pb.Notice) -> None:
        """Add a notice, or put it in the place of its older self."""
        with self.lock:
            self.drop(notice.name)
            number = self._free.pop() if self._free else len(self._numbers)
            self._numbers[notice.name] = number
            self.notices[number] = notice
            self._everything |= 1 << number
            for field, value in values_of(notice):
                self._sets[field][value] |= 1 << number
            self.words.put(number, notice)
            if notice.HasField("close_time"):
                heapq.heappush(self._ends, (_end(notice), number, notice.name))

    def drop(self, name: str) -> None:
        """Take a notice out, if it is in."""
        with self.lock:
            number = self._numbers.pop(name, None)
            if number is None:
                return
            notice = self.notices.pop(number)
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
                notice = self.notices.get(number)
                if notice and notice.name == name and _end(notice) <= at.timestamp():
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


def _end(notice: pb.Notice) -> float:
    return float(notice.close_time.seconds + notice.close_time.nanos / 1e9)
