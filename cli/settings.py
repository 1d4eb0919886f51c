"""Where a region keeps its data and which ports and databases it uses, as the environment says."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.matching.text.artefacts import FOLDER

SERVICES = ("identity", "opportunities", "matching", "notifications", "federation")
PROGRAMS = (*SERVICES, "gateway", "web")


class Settings(BaseSettings):
    """What `interchange` reads from the environment. A port of 0 means any free one."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    data_dir: Path = Path("data")
    model_dir: Path = FOLDER  # what `interchange model build` makes
    region: str = "east-of-england"
    region_display_name: str = "East of England"
    gateway_port: int = Field(8080, ge=0, le=65535)
    web_port: int = Field(8000, ge=0, le=65535)
    nats_port: int = Field(0, ge=0, le=65535)
    valkey_port: int = Field(0, ge=0, le=65535)
    smtp_port: int = Field(0, ge=0, le=65535)
    traces_port: int = Field(0, ge=0, le=65535)
    identity_port: int = Field(0, ge=0, le=65535)
    opportunities_port: int = Field(0, ge=0, le=65535)
    matching_port: int = Field(0, ge=0, le=65535)
    notifications_port: int = Field(0, ge=0, le=65535)
    federation_port: int = Field(0, ge=0, le=65535)

    # Empty: SQLite in the data folder. Else any SQLAlchemy URL, such as postgresql+psycopg://…
    identity_database_url: str = ""
    opportunities_database_url: str = ""
    matching_database_url: str = ""
    notifications_database_url: str = ""
    federation_database_url: str = ""

    duplicate_window_s: float = Field(600, ge=0.1)  # how long the bus remembers what it was given
    mail_url: str = ""  # empty: the region's own mailbox, which keeps mail as files
    public_url: str = ""  # empty: http://127.0.0.1:WEB_PORT
    # Where partner regions reach the gateway; empty: PUBLIC_URL, or the gateway's own address on this machine.
    federation_url: str = ""
    # Other regions may answer on loopback and private addresses: for regions that share a machine, never in production.
    federation_on_loopback: bool = False
    # Organisations' sign-in providers may answer on this machine, without TLS: to try it out, never in production.
    providers_on_loopback: bool = False
    # Other front ends to which such providers may send browsers back, separated by commas; the pages always are one.
    redirect_uris: str = ""
    # Whose X-Forwarded-For gateway and pages believe. The pages themselves ask the gateway from this machine.
    trusted_proxies: str = "127.0.0.0/8,::1"
    # The programs' metrics, on this port and those that follow, in the order of PROGRAMS; 0: none.
    metrics_port: int = Field(0, ge=0, le=65500)
    otlp_endpoint: str = ""  # empty: no traces leave the region
    # The region keeps its last thousand traces itself, for `interchange traces`, if nobody else receives them.
    traces: bool = False
    rate_limit_factor: float = Field(1.0, gt=0)  # the gateway's limits times this
    log_level: str = "INFO"

    def database_url(self, service: str) -> str:
        """The service's database; SQLite in the data folder unless the environment names another."""
        chosen: str = getattr(self, f"{service}_database_url")
        return chosen or f"sqlite:///{self.data_dir.resolve() / f'{service}.db'}"

    @property
    def keeps_traces(self) -> bool:
        return self.traces and not self.otlp_endpoint

    def metrics(self, program: str) -> int:
        """The port of a program's metrics; 0 for none."""
        return self.metrics_port and self.metrics_port + PROGRAMS.index(program)

    def port(self, program: str) -> int:
        """The port that the environment asks for; 0 for any free one."""
        chosen: int = getattr(self, f"{program}_port")
        return chosen
