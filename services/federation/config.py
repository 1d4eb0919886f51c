"""What the federation service is told from outside."""

from __future__ import annotations

from pathlib import Path

import chassis.config

HOUR_S = 3600
DAY_S = 24 * HOUR_S


class Config(chassis.config.Config):
    """The chassis's settings, and the rhythm of the talk between regions.

    With `development` partners may be on loopback and answer plain http.
    """

    program: str = "federation"
    database_url: str = "sqlite:///data/federation.db"
    grpc_address: str = "127.0.0.1:7105"

    # 32 bytes in base64: what the private parts of the signing keys are encrypted with at rest.
    key_encryption_file: Path = Path("data/keys/federation.encryption")

    poll_every_s: float = 30.0  # how often a partner is asked that did not poke us
    hello_every_s: float = 60.0  # how often cursors are compared
    document_every_s: float = float(HOUR_S)  # how often a partner's document is read again
    retry_first_s: float = 1.0  # doubled with each failure, up to
    retry_longest_s: float = 300.0
    # Entries of one partner, while others wait for theirs. Each is then copied, told and indexed, 1.6 ms of a
    # core in all, most of it not ours: a sixth of a core of the region's.
    verify_per_s: int = 100
    measure_every_s: float = 5.0  # how old the gauges may be
    tend_every_s: float = 30.0  # expiry, retention, states that time changes
    keep_payloads_s: int = 90 * DAY_S  # of entries that a later one has replaced
    # The newest version of a notice that was heard of: the bus keeps events for 14 days, and what it gave
    # up on for 90.
    keep_heard_s: int = 90 * DAY_S
    prune_every_s: float = 600.0  # what partners said, and is not live any more:
    keep_received_s: int = 90 * DAY_S  # so long a neighbour may ask for it
    keep_received_entries: int = 200_000  # and so many of each log
