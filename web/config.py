"""What the pages' program is told from outside."""

from __future__ import annotations

from pydantic import Field

import chassis.config


class Config(chassis.config.Config):
    """The chassis's settings, and what one front end needs."""

    program: str = "web"
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    threads: int = Field(16, ge=1)
    gateway_url: str = "http://127.0.0.1:8080"
    page_timeout_s: float = 8.0  # what all calls of one page get together
    body_limit: int = 256 * 1024  # bytes
    public_url: str = ""  # where people find the pages; with https, cookies are marked for it
    idle_s: int = 30 * 60  # without a page asked for so long, a person is signed out
    absolute_s: int = 12 * 3600  # and after so long in any case

    @property
    def own_url(self) -> str:
        """Where people find the pages."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def is_secure(self) -> bool:
        """Whether people come by https: only a developer's loopback may do without."""
        return self.public_url.startswith("https://")
