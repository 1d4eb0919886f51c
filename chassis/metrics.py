"""What every program counts, in Prometheus naming."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

rpc_handled = Counter(
    "grpc_server_handled_total", "Calls answered, by method and code.", ["grpc_method", "grpc_code"]
)
rpc_seconds = Histogram(
    "grpc_server_handling_seconds",
    "Time from the start of a handler to its answer.",
    ["grpc_method"],
    buckets=BUCKETS_S,
)
rpc_in_progress = Gauge("grpc_server_in_progress", "Calls in work; the limit is rpc_limit.")
http_seconds = Histogram(
    "http_server_request_duration_seconds",
    "Time from a request's start to its answer, by route.",
    ["http_request_method", "http_route", "http_response_status_code"],
    buckets=BUCKETS_S,
)
database_pool = Gauge("interchange_database_pool_size", "Connections that the program may have.")
database_in_use = Gauge("interchange_database_connections_in_use", "Connections in work.")
jobs = Counter("interchange_jobs_total", "Runs of clock jobs, by outcome.", ["job", "outcome"])
outbox_depth = Gauge("interchange_outbox_depth", "Events that wait to be published.")
outbox_age = Gauge("interchange_outbox_oldest_seconds", "Age of the oldest event that waits.")
relayed = Counter("interchange_relayed_total", "Events taken to the stream.")
relay_failures = Counter("interchange_relay_failures_total", "Attempts to publish that failed.")
consumed = Counter("interchange_events_total", "Events by what became of them.", ["outcome"])
dead_letters = Gauge("interchange_dead_letters", "Events given up on that wait for an operator.")
consumer_pending = Gauge(
    "interchange_consumer_pending",
    "Events of the stream not yet taken, by consumer: of all that comes, or of one lane.",
    ["consumer"],
)
