"""What the identity service is told from outside."""

from __future__ import annotations

from pathlib import Path

import chassis.config

HOUR_S = 3600
DAY_S = 24 * HOUR_S


class Config(chassis.config.Config):
    """The chassis's settings, the region's name, and how long what lives."""

    program: str = "identity"
    database_url: str = "sqlite:///data/identity.db"
    grpc_address: str = "127.0.0.1:7101"

    region_display_name: str = "East of England"
    # 32 bytes in base64: what the private parts of the signing keys are encrypted with at rest.
    key_encryption_file: Path = Path("data/keys/identity.encryption")

    access_ttl_s: int = 600
    refresh_ttl_s: int = 14 * DAY_S  # a session that is not refreshed for so long ends
    session_ttl_s: int = 90 * DAY_S  # every session ends after this: sign in again
    confirm_ttl_s: int = 7 * DAY_S
    reset_ttl_s: int = HOUR_S
    invitation_ttl_s: int = 14 * DAY_S
    registration_ttl_s: int = 30 * DAY_S  # what an address that nobody confirmed is kept for

    # Organisations' providers may be on this machine and answer without TLS: to try it out, never in production.
    providers_on_loopback: bool = False
    # Where organisations' providers may send browsers back to, separated by commas: the pages, and other front ends.
    redirect_uris: str = ""

    tidy_every_s: float = 300.0
    # How late a session that was ended while Redis was away stops to work elsewhere.
    revoke_every_s: float = 15.0

    @property
    def known_redirect_uris(self) -> list[str]:
        return [each.strip() for each in self.redirect_uris.split(",") if each.strip()]
