"""What the matching service is told from outside."""

from __future__ import annotations

import chassis.config


class Config(chassis.config.Config):
    """The chassis's settings, and how often the index looks for what another process wrote."""

    program: str = "matching"
    database_url: str = "sqlite:///data/matching.db"
    grpc_address: str = "127.0.0.1:7103"
    follow_every_s: float = 0.25
