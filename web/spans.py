"""The span and the duration of one page, after the OpenTelemetry conventions for HTTP.

No path and no query goes into it: they tell who looks at what.
"""

from __future__ import annotations

import time

from flask import Response, g, request
from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from chassis import metrics, tracing

FAULT = 500


def begin() -> None:
    """A page begins; nothing when nobody collects traces."""
    g.began = time.monotonic()
    if not tracing.is_on():
        return
    route = _route()
    span = tracing.tracer.start_span(
        f"{request.method} {route}",
        context=tracing.EMPTY,
        kind=SpanKind.SERVER,
        attributes={"http.request.method": request.method, "http.route": route},
        record_exception=False,
        set_status_on_exception=False,
    )
    g.span, g.span_token = span, otel.attach(trace.set_span_in_context(span, tracing.EMPTY))


def end(response: Response) -> None:
    """The page is made."""
    labels = (request.method, _route(), str(response.status_code))
    metrics.http_seconds.labels(*labels).observe(time.monotonic() - g.began)
    if "span" not in g:
        return
    response.headers["Trace-Id"] = f"{g.span.get_span_context().trace_id:032x}"
    g.span.set_attribute("http.response.status_code", response.status_code)
    if response.status_code >= FAULT:
        g.span.set_status(Status(StatusCode.ERROR))
    otel.detach(g.span_token)
    g.span.end()


def _route() -> str:
    return request.url_rule.rule if request.url_rule else "unknown"
