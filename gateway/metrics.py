"""What the gateway counts beside its requests, in Prometheus naming."""

from __future__ import annotations

from prometheus_client import Counter

replays = Counter(
    "interchange_idempotency_total",
    "Requests with an idempotency key, by what became of them.",
    ["outcome"],
)
limited = Counter("interchange_limited_total", "Requests refused for being too many.", ["kind"])
