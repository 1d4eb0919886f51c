"""The trace of one request, and the span that begins it, after the OpenTelemetry conventions for HTTP.

No path, query or address goes into a span: paths hold tokens and names of people.
"""

from __future__ import annotations

import os

from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanKind, Status, StatusCode

from chassis import tracing
from gateway.errors import FAULT


class Trace:
    """The trace that a request is part of: the caller's, or a new one."""

    __slots__ = ("trace_id", "traceparent")

    def __init__(self, traceparent: str) -> None:
        self.traceparent = traceparent
        self.trace_id = traceparent[3:35]

    def end(self, status: int, reason: str) -> None:
        """The request is answered."""


class Recorded(Trace):
    """One that a span of ours records, current until its end."""

    __slots__ = ("_span", "_token")

    def __init__(self, span: Span, parent: otel.Context) -> None:
        super().__init__(tracing.render(span.get_span_context()))
        self._span = span
        self._token = otel.attach(trace.set_span_in_context(span, parent))

    def end(self, status: int, reason: str) -> None:
        self._span.set_attribute("http.response.status_code", status)
        if reason:
            self._span.set_attribute("interchange.reason", reason)
        if status >= FAULT:
            self._span.set_attribute("error.type", str(status))
            self._span.set_status(Status(StatusCode.ERROR, reason))
        otel.detach(self._token)
        self._span.end()


def unrecorded(given: str) -> Trace:
    """The caller's trace, or a new one that only names this request in logs and answers."""
    return Trace(given if tracing.parse(given) else _new())


def _new() -> str:
    digits = os.urandom(24).hex()
    return f"00-{digits[:32]}-{digits[32:]}-00"


class RouteSpans:
    """What all spans of one route share."""

    def __init__(self, http_method: str, shown: str) -> None:
        self._is_on = tracing.is_on()
        self._name = f"{http_method} {shown}"
        self._attributes = {
            "http.request.method": http_method,
            "http.route": shown,
            "url.scheme": "http",
        }

    def begin(self, given: str) -> Trace:
        """The trace of a request that came with this `traceparent` or none."""
        if not self._is_on:
            return unrecorded(given)
        remote = tracing.parse(given)
        above = NonRecordingSpan(remote) if remote else None
        parent = trace.set_span_in_context(above, tracing.EMPTY) if above else tracing.EMPTY
        span = tracing.tracer.start_span(
            self._name,
            context=parent,
            kind=SpanKind.SERVER,
            attributes=self._attributes,
            record_exception=False,
            set_status_on_exception=False,
        )
        return Recorded(span, parent)
