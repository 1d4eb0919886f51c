"""The traces that are kept: the thousand that were heard of last, within a bound of memory."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1 import trace_pb2 as otlp

from chassis.about import NOTICE, ROLES
from cli.traces.spans import Span, Value, each_span, read, together

TRACES = 1000
SPANS = 2000  # of one trace: a pairing run or an import has many, and the first tell how it went
BYTES = 32 * 1024 * 1024  # of all spans, as they came
ID = re.compile(r"[0-9a-f]{1,32}")


@dataclass(frozen=True)
class Question:
    """Which traces are wanted; what is empty does not matter."""

    id: str = ""  # its beginning will do
    notice: str = ""  # `notices/ID`, or the ID
    role: str = ""  # `manager`, `visitor` …
    failed: bool = False


@dataclass(slots=True)
class Trace:
    """The spans of one trace that have arrived, as they came, and what it is found by."""

    id: str
    spans: list[tuple[str, bytes]] = field(default_factory=list)
    size: int = 0
    left_out: int = 0
    name: str = ""
    began_ns: int = 0
    ended_ns: int = 0
    has_root: bool = False
    has_failed: bool = False
    programs: set[str] = field(default_factory=set)
    notices: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)

    def take(self, program: str, raw: bytes, span: Span) -> None:
        """One more span; beyond the bound it is only counted."""
        self._note(span)
        if len(self.spans) >= SPANS:
            self.left_out += 1
            return
        self.spans.append((program, raw))
        self.size += len(raw)

    def read(self) -> list[Span]:
        return [read(program, span) for program, span in self._parsed()]

    def as_otlp(self) -> bytes:
        """As it came."""
        return together(self._parsed()).SerializeToString()

    def _parsed(self) -> Iterator[tuple[str, otlp.Span]]:
        return ((program, otlp.Span.FromString(raw)) for program, raw in self.spans)

    def answers(self, question: Question) -> bool:
        """Whether it is wanted."""
        return (
            self.id.startswith(question.id)
            and (not question.notice or _as_notice(question.notice) in self.notices)
            and (not question.role or question.role in self.roles)
            and (self.has_failed or not question.failed)
        )

    def _note(self, span: Span) -> None:
        # Called after what began it: the span without a parent, or while that is away the first.
        if (
            not span.parent
            or not self.name
            or (not self.has_root and span.began_ns < self.began_ns)
        ):
            self.name = span.name
        self.has_root = self.has_root or not span.parent
        self.began_ns = min(self.began_ns or span.began_ns, span.began_ns)
        self.ended_ns = max(self.ended_ns, span.ended_ns)
        self.has_failed = self.has_failed or span.has_failed
        self.programs.add(span.program)
        self.notices.update(_texts(span.facts.get(NOTICE, "")))
        self.roles.update(_texts(span.facts.get(ROLES, "")))


class Kept:
    """Takes what programs export, and forgets the trace that nobody has added to for longest. For several threads."""

    def __init__(self, *, traces: int = TRACES, size: int = BYTES) -> None:
        self._most, self._largest = traces, size
        self._traces: OrderedDict[str, Trace] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def take(self, exported: ExportTraceServiceRequest) -> None:
        """Add all spans of one export."""
        with self._lock:
            for program, span in each_span(exported.resource_spans):
                self._add(program, span)
            while len(self._traces) > self._most or self._size > self._largest:
                _, oldest = self._traces.popitem(last=False)
                self._size -= oldest.size

    def find(self, question: Question, most: int) -> list[Trace]:
        """Those that are wanted, the newest first."""
        with self._lock:
            found = [each for each in self._traces.values() if each.answers(question)]
        return sorted(found, key=lambda each: each.began_ns, reverse=True)[:most]

    def __len__(self) -> int:
        return len(self._traces)

    def _add(self, program: str, span: otlp.Span) -> None:
        trace_id = span.trace_id.hex()
        trace = self._traces.setdefault(trace_id, Trace(trace_id))
        self._traces.move_to_end(trace_id)
        before = trace.size
        trace.take(program, span.SerializeToString(), read(program, span))
        self._size += trace.size - before


def _as_notice(given: str) -> str:
    return given if given.startswith("notices/") else f"notices/{given}"


def _texts(value: Value) -> tuple[str, ...]:
    many = (value,) if isinstance(value, str) else value
    return tuple(filter(None, many))
