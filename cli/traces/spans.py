"""A span as we read it from OTLP: what it did, when, below whom, and what is known of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2 as otlp

PROGRAM = "service.name"
STATEMENTS = {
    "db.system.name",
    "db.system",
}  # only statements to a database, and to Valkey, have them
PACKAGE = re.compile(r"^interchange\.\w+\.v\d+\.")
WHY = ("interchange.reason", "error.type")

Value = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of work of one program. Times are nanoseconds since 1970."""

    id: str
    parent: str
    program: str
    name: str
    began_ns: int
    ended_ns: int
    has_failed: bool
    facts: Mapping[str, Value]

    @property
    def is_statement(self) -> bool:
        return not STATEMENTS.isdisjoint(self.facts)

    @property
    def why(self) -> str:
        """Why it failed or was refused, in one word; empty when it was not."""
        return next((str(self.facts[key]) for key in WHY if key in self.facts), "")


def read(program: str, span: otlp.Span) -> Span:
    """One span of OTLP's. A clock that went back does not make it last less than nothing."""
    return Span(
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        program=program,
        name=PACKAGE.sub("", span.name),
        began_ns=span.start_time_unix_nano,
        ended_ns=max(span.end_time_unix_nano, span.start_time_unix_nano),
        has_failed=span.status.code == otlp.Status.STATUS_CODE_ERROR,
        facts=facts(span.attributes),
    )


def each_span(resources: Iterable[otlp.ResourceSpans]) -> Iterator[tuple[str, otlp.Span]]:
    """All spans of an export, each with the program that it comes from."""
    for each in resources:
        program = str(facts(each.resource.attributes).get(PROGRAM, "unknown"))
        for scope in each.scope_spans:
            for span in scope.spans:
                yield program, span


def together(spans: Iterable[tuple[str, otlp.Span]]) -> otlp.TracesData:
    """The other way round: a resource for each program, as any viewer of traces reads it."""
    by_program = defaultdict(list)
    for program, span in spans:
        by_program[program].append(span)
    return otlp.TracesData(
        resource_spans=[
            otlp.ResourceSpans(
                resource=Resource(
                    attributes=[KeyValue(key=PROGRAM, value=AnyValue(string_value=program))]
                ),
                scope_spans=[otlp.ScopeSpans(spans=those)],
            )
            for program, those in by_program.items()
        ]
    )


def facts(attributes: Iterable[KeyValue]) -> dict[str, Value]:
    """Attributes by their names, as texts."""
    return {each.key: _text(each.value) for each in attributes}


def _text(value: AnyValue) -> Value:
    if value.WhichOneof("value") == "array_value":
        return tuple(str(_text(each)) for each in value.array_value.values)
    kind = value.WhichOneof("value")
    return str(getattr(value, kind)) if kind else ""
