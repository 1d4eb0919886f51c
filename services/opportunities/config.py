"""What the opportunities service is told from outside."""

from __future__ import annotations

import chassis.config


class Config(chassis.config.Config):
    """The chassis's settings, and the rhythm of the clock."""

    program: str = "opportunities"
    database_url: str = "sqlite:///data/opportunities.db"
    grpc_address: str = "127.0.0.1:7102"
    expiry_every_s: float = 30.0  # how late a notice may close at most
