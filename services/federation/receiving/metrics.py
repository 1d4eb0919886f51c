"""What is counted of what partners say, in Prometheus naming."""

from __future__ import annotations

from prometheus_client import Counter

forks = Counter("fed_fork", "Times that a partner told two histories.", ["partner"])
