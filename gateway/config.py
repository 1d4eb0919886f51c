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
    partner_body_limit: int = 64 * 1024  # bytes; other regions send cursors and pokes
    call_timeout_s: float = 10.0  # what a service gets to answer
    # After a start, how long to wait for federation to hear what partners took back meanwhile; 0: not at all.
    open_within_s: float = 0.0
    cors_origins: str = ""  # front ends of other origins, separated by commas; "*" for any

    # Each caller's share a minute. A council's whole staff may come from one address.
    sign_ins_per_minute: int = 30
    writes_per_minute: int = 120
    reads_per_minute: int = 600
    # What one network may ask as another region: pokes and feeds ten times a second each, so 1,200 a minute,
    # while something is always new; as much again for pages while catching up, or a second region behind it.
    partner_requests_per_minute: int = 2400
    rate_limit_factor: float = Field(1.0, gt=0)  # all four times this
