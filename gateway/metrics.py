"""What the gateway counts, in the names of the OpenTelemetry conventions for HTTP."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from chassis.metrics import BUCKETS_S

requests = Histogram(
    "http_server_request_duration_seconds",
    "Time from a request's start to its answer, by route.",
    ["http_request_method", "http_route", "http_response_status_code"],
    buckets=BUCKETS_S,
)
replays = Counter(
    "interchange_idempotency_total",
    "Requests with an idempotency key, by what became of them.",
    ["outcome"],
)
limited = Counter("interchange_limited_total", "Requests refused for being too many.", ["kind"])
