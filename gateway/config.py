"""What the gateway is told from outside."""

from __future__ import annotations

from pydantic import Field

import chassis.config


class Config(chassis.config.Config):
    """The chassis's settings, and what one door needs. One process: more doors are more replicas."""

    program: str = "gateway"
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    threads: int = Field(16, ge=1)
    body_limit: int = 256 * 1024  # bytes
    call_timeout_s: float = 10.0  # what a service gets to answer
    trusted_proxies: int = 0  # how many of ours stand in front and add to X-Forwarded-For
    cors_origins: str = ""  # front ends of other origins, separated by commas; "*" for any

    # Each caller's share a minute. A council's whole staff may come from one address.
    sign_ins_per_minute: int = 30
    writes_per_minute: int = 120
    reads_per_minute: int = 600
    rate_limit_factor: float = Field(1.0, gt=0)  # all three times this
