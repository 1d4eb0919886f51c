"""What is counted of our own logs, in Prometheus naming."""

from __future__ import annotations

from prometheus_client import Counter

epochs = Counter("fed_epochs", "Epochs of ours that we have begun after the first.", ["channel"])
