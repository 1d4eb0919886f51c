"""Logs, metrics and traces of a program: set up once in `__main__`, shut down when it ends.

No personal data goes into them: no SQL parameters, no bodies, no texts that people searched for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from opentelemetry import trace
from prometheus_client import start_http_server

from chassis import logs, tracing
from chassis.config import Config

if TYPE_CHECKING:  # a program without a database does without SQLAlchemy
    from sqlalchemy import Engine

tracer = tracing.tracer
traceparent = tracing.traceparent
TRACES_PATH = "/v1/traces"


@contextmanager
def setup(config: Config) -> Iterator[None]:
    """Telemetry for the life of the program. Enter it before making servers, channels and engines."""
    logs.configure(config)
    with ExitStack() as stack:
        if config.metrics_port:
            stack.enter_context(_metrics(config))
        if config.otlp_endpoint:
            stack.enter_context(_traces(config))
        yield


@contextmanager
def _metrics(config: Config) -> Iterator[None]:
    server, thread = start_http_server(config.metrics_port, addr=config.metrics_host)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _traces(config: Config) -> Iterator[None]:
    # Imported when wanted: they add 8 MB to a program that traces nothing.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.redis import RedisInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased

    resource = Resource.create({"service.name": config.program, "service.namespace": config.region})
    exporter = OTLPSpanExporter(endpoint=_traces_url(config.otlp_endpoint))
    processor = BatchSpanProcessor(exporter, schedule_delay_millis=1000)
    provider = TracerProvider(
        resource=resource, sampler=ParentBased(TraceIdRatioBased(config.trace_ratio))
    )
    provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)
    # What clock jobs ask of Valkey is no trace of its own.
    within = TracerProvider(
        resource=resource, sampler=ParentBased(ALWAYS_OFF), shutdown_on_exit=False
    )
    within.add_span_processor(processor)
    RedisInstrumentor().instrument(tracer_provider=within)
    try:
        yield
    finally:
        provider.shutdown()


def _traces_url(endpoint: str) -> str:
    base = endpoint.rstrip("/")
    return base if base.endswith(TRACES_PATH) else base + TRACES_PATH


def instrument_engine(engine: Engine) -> None:
    """Spans for the engine's statements, without their parameters. Nothing when tracing is off."""
    if tracing.is_on():
        from chassis import database_spans

        database_spans.instrument(engine)
