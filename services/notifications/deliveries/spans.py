"""The span of a mail's sending, in the trace of the event that caused it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanKind, Status, StatusCode

from chassis import tracing
from chassis.auth import ANONYMOUS, Call, current
from services.notifications.deliveries.queue import Taken


@contextmanager
def sending(taken: Taken) -> Iterator[Span]:
    """What is asked of others meanwhile belongs to the trace, too. A digest, which many caused, begins its own."""
    call = current.set(Call(ANONYMOUS, traceparent=taken.traceparent))
    span, parent = _start(taken)
    token = otel.attach(trace.set_span_in_context(span, parent))
    try:
        yield span
    finally:
        otel.detach(token)
        span.end()
        current.reset(call)


def tell(span: Span, outcome: str, *, error: bool) -> None:
    """How it went. Never the error's text, which is for the delivery."""
    span.set_attribute("interchange.outcome", outcome)
    if error:
        span.set_attribute("error.type", outcome)
        span.set_status(Status(StatusCode.ERROR, outcome))


def _start(taken: Taken) -> tuple[Span, otel.Context]:
    caused_by = tracing.parse(taken.traceparent)
    if caused_by and not caused_by.trace_flags.sampled:  # decided already
        return NonRecordingSpan(caused_by), tracing.EMPTY
    parent = tracing.EMPTY
    if caused_by:
        parent = trace.set_span_in_context(NonRecordingSpan(caused_by), tracing.EMPTY)
    span = tracing.tracer.start_span(
        f"send mail {taken.template}",
        context=parent,
        kind=SpanKind.CLIENT,
        attributes={
            "interchange.delivery": str(taken.id),
            "interchange.template": taken.template,
            "interchange.attempt": taken.attempts + 1,
        },
    )
    return span, parent
