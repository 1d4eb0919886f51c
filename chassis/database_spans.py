"""A span for each SQL statement, after the OpenTelemetry conventions for databases: never with its parameters.

Made by hand: the stock instrumentation refuses SQLAlchemy 2.1.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection, ExceptionContext

from chassis.tracing import tracer

SYSTEMS = {"sqlite": "sqlite", "postgresql": "postgresql"}
VERB = re.compile(r"\w+")
TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE|TABLE)\s+\"?(\w+)", re.IGNORECASE)
LONGEST_TEXT = 2000
SPAN = "interchange_span"  # where a connection's statement in work is kept


def instrument(engine: Engine) -> None:
    """Attach to one engine. Statements outside of any trace, and in one that is not kept, get no span."""
    spans = StatementSpans(SYSTEMS.get(engine.dialect.name, "other_sql"))
    event.listen(engine, "before_cursor_execute", spans.begin)
    event.listen(engine, "after_cursor_execute", spans.end)
    event.listen(engine, "handle_error", spans.fail)


class StatementSpans:
    """Begins and ends the span of the statement that a connection executes."""

    def __init__(self, system: str) -> None:
        self._system = system

    def begin(self, connection: Connection, _: Any, statement: str, *__: Any) -> None:
        if not trace.get_current_span().is_recording():
            return
        summary = summarise(statement)
        connection.info[SPAN] = tracer.start_span(
            summary,
            kind=SpanKind.CLIENT,
            attributes={
                "db.system.name": self._system,
                "db.query.summary": summary,
                "db.query.text": statement[:LONGEST_TEXT],
            },
        )

    def end(self, connection: Connection, *_: Any) -> None:
        span: Span | None = connection.info.pop(SPAN, None)
        if span:
            span.end()

    def fail(self, context: ExceptionContext) -> None:
        connection = context.connection
        span: Span | None = connection.info.pop(SPAN, None) if connection else None
        if span:
            kind = type(context.original_exception).__name__
            span.set_attribute("error.type", kind)
            span.set_status(Status(StatusCode.ERROR, kind))  # its text may quote values
            span.end()


@lru_cache(maxsize=512)
def summarise(statement: str) -> str:
    """`SELECT notices`: the verb and the first table, few enough to group by."""
    found = [VERB.search(statement), TABLE.search(statement)]
    return " ".join(match[match.lastindex or 0] for match in found if match)
