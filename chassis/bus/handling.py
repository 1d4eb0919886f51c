"""Handling events: decode them, mark them and do what they ask for, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import groupby
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
# Subject, headers and body of an event.
Arrived = tuple[str, Mapping[str, str], bytes]

NO_EVENT = EventMeta(id="", type="", source="", time="", traceparent="")
_current: ContextVar[EventMeta] = ContextVar("interchange_event", default=NO_EVENT)


class Permanent(Exception):
    """This event can never be handled: trying again would not help."""


@dataclass(frozen=True)
class Together:
    """A handler of events that come in masses: it is given all that follow each other, in their order."""

    handle: Callable[[Session, Sequence[Any]], None]

    def __call__(self, session: Session, event: Message) -> None:
        self.handle(session, [event])


@dataclass(frozen=True, slots=True)
class Heard:
    """An event that somebody here wants."""

    meta: EventMeta
    subject: str
    headers: Mapping[str, str]
    event: Message
    handler: Handler


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
        """Handle one event unless it was handled before; whether it was now. Raises as `apply_all`."""
        return self.apply_all(session, [(subject, headers, payload)]) == 1

    def apply_all(self, session: Session, arrived: Sequence[Arrived]) -> int:
        """Handle those that were not handled before, in their order; how many that were.

        Raises Permanent for an event without an id and for a body that is not what it says;
        otherwise whatever a handler raises.
        """
        heard = [each for each in (self._heard(*parts) for parts in arrived) if each]
        new = self._new(session, heard)
        for handler, row in groupby(new, key=lambda each: each.handler):
            if isinstance(handler, Together):
                _handle_together(session, handler, list(row))
            else:
                for each in row:
                    self._handle(session, each)
        return len(new)

    def _heard(self, subject: str, headers: Mapping[str, str], payload: bytes) -> Heard | None:
        meta = EventMeta.read(headers)
        if meta.type not in self._by_type:  # announced to all, of no use to us
            return None
        kind, handler = self._by_type[meta.type]
        event = _decoded(kind, payload)
        if not meta.id:
            raise Permanent("an event without an id")
        return Heard(meta, subject, headers, event, handler)

    def _handle(self, session: Session, heard: Heard) -> None:
        with _in_trace_of(heard.meta, heard.subject, heard.event):
            refused = heard.handler(session, heard.event) or ()
            session.flush()
            for number, (part, problem) in enumerate(refused):
                headers = with_id(heard.headers, number)
                self._set_aside(session, heard.subject, headers, part, problem)

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

    def _new(self, session: Session, heard: Sequence[Heard]) -> Sequence[Heard]:
        """Those that were not handled before; marked now. One that came twice is there once."""
        by_id = {each.meta.id: each for each in reversed(heard)}
        if not by_id:
            return []
        at = now()
        rows = [{"consumer": self._consumer, "event_id": each, "at": at} for each in by_id]
        # Not `rowcount`, which lies about conflicts.
        marked = set(session.scalars(MARK, rows))
        return [each for each in heard if each.meta.id in marked and by_id[each.meta.id] is each]


MARK = upsert(inbox).on_conflict_do_nothing().returning(inbox.c.event_id)


def _handle_together(session: Session, handler: Together, heard: Sequence[Heard]) -> None:
    """Each in its own trace; what is announced meanwhile belongs to that of the last."""
    with ExitStack() as traces:
        for each in heard:
            traces.enter_context(_in_trace_of(each.meta, each.subject, each.event))
        handler.handle(session, [each.event for each in heard])
        session.flush()


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
