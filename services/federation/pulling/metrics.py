"""What is counted of reading partners, in Prometheus naming."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from chassis.metrics import BUCKETS_S

applied = Counter("fed_applied_entries", "Entries of partners taken over.", ["partner"])
apply_seconds = Histogram(
    "fed_apply_seconds", "Time to verify and take over one page.", ["partner"], buckets=BUCKETS_S
)
relayed = Counter(
    "fed_relayed_entries", "Entries taken over by way of a neighbour.", ["partner", "neighbour"]
)
relay_refused = Counter(
    "fed_relay_refused", "Pages of a neighbour's relay that did not hold.", ["neighbour"]
)
pulls = Counter("fed_pulls", "Pages asked for, by outcome.", ["partner", "outcome"])
