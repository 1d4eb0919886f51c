"""Where a region keeps its data and which ports and databases it uses, as the environment says."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICES = ("identity", "opportunities", "matching", "notifications")


class Settings(BaseSettings):
    """What `interchange` reads from the environment. A port of 0 means any free one."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    data_dir: Path = Path("data")
    region: str = "east-of-england"
    region_display_name: str = "East of England"
    gateway_port: int = Field(8080, ge=0, le=65535)
    web_port: int = Field(8000, ge=0, le=65535)
    nats_port: int = Field(0, ge=0, le=65535)
    valkey_port: int = Field(0, ge=0, le=65535)
    smtp_port: int = Field(0, ge=0, le=65535)
    identity_port: int = Field(0, ge=0, le=65535)
    opportunities_port: int = Field(0, ge=0, le=65535)
    matching_port: int = Field(0, ge=0, le=65535)
    notifications_port: int = Field(0, ge=0, le=65535)

    # Empty: SQLite in the data folder. Else any SQLAlchemy URL, such as postgresql+psycopg://…
    identity_database_url: str = ""
    opportunities_database_url: str = ""
    matching_database_url: str = ""
    notifications_database_url: str = ""

    duplicate_window_s: float = Field(600, ge=0.1)  # how long the bus remembers what it was given
    mail_url: str = ""  # empty: the region's own mailbox, which keeps mail as files
    public_url: str = ""  # empty: http://127.0.0.1:WEB_PORT
    otlp_endpoint: str = ""  # empty: no traces leave the region
    rate_limit_factor: float = Field(1.0, gt=0)  # the gateway's limits times this
    log_level: str = "INFO"

    def database_url(self, service: str) -> str:
        """The service's database; SQLite in the data folder unless the environment names another."""
        chosen: str = getattr(self, f"{service}_database_url")
        return chosen or f"sqlite:///{self.data_dir.resolve() / f'{service}.db'}"

    def port(self, program: str) -> int:
        """The port that the environment asks for; 0 for any free one."""
        chosen: int = getattr(self, f"{program}_port")
        return chosen
