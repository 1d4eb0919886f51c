"""Spans made up for a test, as a program exports them."""

from __future__ import annotations

from collections.abc import Iterable

import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2 as otlp

from cli.traces.spans import together

BEGAN_NS = 1_800_000_000_000_000_000
MS = 1_000_000
Made = tuple[str, otlp.Span]
Facts = dict[str, str | list[str]]


def a_span(
    trace: int,
    number: int,
    *,
    below: int = 0,
    program: str = "gateway",
    name: str = "GET /v1/notices",
    at_ms: int = 0,
    takes_ms: int = 10,
    failed: bool = False,
    facts: Facts | None = None,
) -> Made:
    """Span `number` of trace `trace`, below another one or none."""
    began = BEGAN_NS + trace * 1000 * MS + at_ms * MS
    code = otlp.Status.STATUS_CODE_ERROR if failed else otlp.Status.STATUS_CODE_UNSET
    return program, otlp.Span(
        trace_id=trace.to_bytes(16, "big"),
        span_id=number.to_bytes(8, "big"),
        parent_span_id=below.to_bytes(8, "big") if below else b"",
        name=name,
        start_time_unix_nano=began,
        end_time_unix_nano=began + takes_ms * MS,
        status=otlp.Status(code=code),
        attributes=[KeyValue(key=key, value=_value(fact)) for key, fact in (facts or {}).items()],
    )


def an_export(*spans: Made) -> ExportTraceServiceRequest:
    return ExportTraceServiceRequest(resource_spans=together(spans).resource_spans)


def export(url: str, spans: Iterable[Made]) -> None:
    """Send them as a program does."""
    answer = requests.post(
        f"{url}/v1/traces",
        data=an_export(*spans).SerializeToString(),
        headers={"Content-Type": "application/x-protobuf"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text


def _value(fact: str | list[str]) -> AnyValue:
    if isinstance(fact, str):
        return AnyValue(string_value=fact)
    values = [AnyValue(string_value=each) for each in fact]
    return AnyValue(array_value=ArrayValue(values=values))
