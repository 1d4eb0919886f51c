"""What every program counts, in Prometheus naming."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

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
