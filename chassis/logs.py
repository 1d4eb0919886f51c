"""Logs as JSON lines with the trace they belong to, and a net that holds personal data back."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from chassis import tracing
from chassis.config import Config

# A net, not a licence: whoever logs still thinks first.
PERSONAL = re.compile(
    r"(^|_)(e?mail|phone|name|password|token|secret|authorization)s?(_|$)", re.IGNORECASE
)


def configure(config: Config) -> None:
    """Send everything this process says, also through `logging`, to stderr as JSON."""
    processors = _processors(config)
    level = logging.getLevelNamesMapping()[config.log_level.upper()]
    structlog.configure(
        processors=[*processors, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors, processor=structlog.processors.JSONRenderer()
        )
    )
    # Libraries tell of trouble only: at INFO some of them write what they were asked.
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def _processors(config: Config) -> list[Processor]:
    return [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        ProgramName(config.program),
        add_trace,
        drop_personal,
        Failure(with_text=config.development),
    ]


class ProgramName:
    """Says which program speaks."""

    def __init__(self, program: str) -> None:
        self._program = program

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["program"] = self._program
        return event


def add_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The trace and span at hand."""
    context = tracing.here()
    if context:
        event["trace_id"] = f"{context.trace_id:032x}"
        event["span_id"] = f"{context.span_id:016x}"
    return event


def drop_personal(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Without what looks personal by its key."""
    for key in [key for key in event if PERSONAL.search(key)]:
        event[key] = "[dropped]"
    return event


class Failure:
    """An exception as its types and places. Its text may quote people's data, so only developers see it."""

    def __init__(self, *, with_text: bool) -> None:
        self._with_text = with_text

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        failure = _exception(event.pop("exc_info", None))
        if failure is None:
            return event
        event["failure"] = [type(each).__qualname__ for each in _chain(failure)]
        event["stack"] = _places(failure)
        if self._with_text:
            event["text"] = str(failure)
        return event


def _exception(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    found = exc_info if isinstance(exc_info, tuple) else sys.exc_info() if exc_info else None
    return found[1] if found else None


def _chain(failure: BaseException | None) -> Iterator[BaseException]:
    while failure is not None:
        yield failure
        failure = failure.__cause__ or failure.__context__


def _places(failure: BaseException) -> list[str]:
    frames = traceback.extract_tb(failure.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
