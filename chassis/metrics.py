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
jobs = Counter("interchange_jobs_total", "Runs of clock jobs, by outcome.", ["job", "outcome"])
outbox_depth = Gauge("interchange_outbox_depth", "Events that wait to be published.")
outbox_age = Gauge("interchange_outbox_oldest_seconds", "Age of the oldest event that waits.")
relayed = Counter("interchange_relayed_total", "Events taken to the stream.")
relay_failures = Counter("interchange_relay_failures_total", "Attempts to publish that failed.")
consumed = Counter("interchange_events_total", "Events by what became of them.", ["outcome"])
consumer_pending = Gauge("interchange_consumer_pending", "Events of the stream not yet taken.")
