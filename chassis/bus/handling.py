"""Handling one event: decode it, mark it and do what it asks for, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from google.protobuf.message import DecodeError, Message
from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanKind, Status, StatusCode
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chassis import tracing
from chassis.about import NOTICE, notice_of
from chassis.auth import ANONYMOUS, Call, current
from chassis.bus import dead_letters
from chassis.bus.envelope import EventMeta, with_id
from chassis.bus.tables import inbox
from chassis.clock import now

# What a handler could not take of an event that says many things: each as an event of its own, and why.
Refused = Sequence[tuple[Message, Exception]]
Handler = Callable[[Session, Any], Refused | None]
Handlers = Mapping[type[Message], Handler]

NO_EVENT = EventMeta(id="", type="", source="", time="", traceparent="")
_current: ContextVar[EventMeta] = ContextVar("interchange_event", default=NO_EVENT)


class Permanent(Exception):
    """This event can never be handled: trying again would not help."""


def current_event() -> EventMeta:
    """The event that is being handled; all empty outside of a handler."""
    return _current.get()


class Handling:
    """What one consumer does with events, each once."""

    def __init__(self, consumer: str, handlers: Handlers) -> None:
        self._consumer = consumer
        self._by_type = {
            kind.DESCRIPTOR.full_name: (kind, handler) for kind, handler in handlers.items()
        }

    def apply(
        self, session: Session, subject: str, headers: Mapping[str, str], payload: bytes
    ) -> bool:
        """Handle the event unless it was handled before; whether it was now.

        Raises Permanent for an event without an id and for a body that is not what it says;
        otherwise whatever the handler raises.
        """
        meta = EventMeta.read(headers)
        if meta.type not in self._by_type:  # announced to all, of no use to us
            return False
        kind, handler = self._by_type[meta.type]
        event = _decoded(kind, payload)
        if not meta.id:
            raise Permanent("an event without an id")
        with _in_trace_of(meta, subject, event):
            if not self._is_new(session, meta):
                return False
            refused = handler(session, event) or ()
            session.flush()
            for number, (part, problem) in enumerate(refused):
                self._set_aside(session, subject, with_id(headers, number), part, problem)
        return True

    def _set_aside(
        self,
        session: Session,
        subject: str,
        headers: Mapping[str, str],
        part: Message,
        problem: Exception,
    ) -> None:
        """Keep what is in nobody's way as a dead letter of its own."""
        dead_letters.keep(
            session,
            program=self._consumer,
            subject=subject,
            headers=headers,
            payload=part.SerializeToString(),
            deliveries=1,
            reason=dead_letters.Reason.PERMANENT,
            problem=problem,
        )

    def _is_new(self, session: Session, meta: EventMeta) -> bool:
        mark = upsert(inbox).values(consumer=self._consumer, event_id=meta.id, at=now())
        # Not `rowcount`, which lies about conflicts.
        marked = session.execute(mark.on_conflict_do_nothing().returning(inbox.c.event_id))
        return marked.first() is not None


def _decoded(kind: type[Message], payload: bytes) -> Message:
    try:
        return kind.FromString(payload)
    except DecodeError as problem:
        raise Permanent(f"the body is not {kind.DESCRIPTOR.full_name}") from problem


@contextmanager
def _in_trace_of(meta: EventMeta, subject: str, body: Message) -> Iterator[None]:
    """What the handler does, and announces, belongs to the trace of the event."""
    call = current.set(Call(ANONYMOUS, traceparent=meta.traceparent))
    event = _current.set(meta)
    try:
        with _span(meta, subject, body):
            yield
    finally:
        _current.reset(event)
        current.reset(call)


@contextmanager
def _span(meta: EventMeta, subject: str, body: Message) -> Iterator[None]:
    caused_by = tracing.parse(meta.traceparent)
    if not tracing.is_on() or caused_by is None or not caused_by.trace_flags.sampled:
        yield
        return
    parent = trace.set_span_in_context(NonRecordingSpan(caused_by), tracing.EMPTY)
    span = tracing.tracer.start_span(
        f"process {subject}",
        context=parent,
        kind=SpanKind.CONSUMER,
        attributes={
            "messaging.system": "nats",
            "messaging.operation.type": "process",
            "messaging.destination.name": subject,
            "messaging.message.id": meta.id,
            **_about(body),
        },
    )
    token = otel.attach(trace.set_span_in_context(span, parent))
    try:
        yield
    except Exception as problem:
        span.set_attribute("error.type", type(problem).__name__)
        span.set_status(Status(StatusCode.ERROR, type(problem).__name__))
        raise
    finally:
        otel.detach(token)
        span.end()


def _about(body: Message) -> dict[str, str]:
    notice = notice_of(body)
    return {NOTICE: notice} if notice else {}
