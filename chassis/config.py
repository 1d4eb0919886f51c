"""What every program is told from outside: read once in `__main__`, passed on as a value."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.tls import Tls


class Config(BaseSettings):
    """Settings by environment, `INTERCHANGE_` before each name; defaults fit a lone developer machine."""

    model_config = SettingsConfigDict(env_prefix="INTERCHANGE_", frozen=True, extra="ignore")

    region: str = "east-of-england"
    program: str = "interchange"  # each service says its own
    development: bool = False  # turns gRPC reflection on, and texts of errors in logs

    database_url: str = ""
    redis_url: str = "redis://127.0.0.1:6379/0"
    nats_url: str = "nats://127.0.0.1:4222"
    nats_seed_file: Path | None = None  # this program's nkey seed
    nats_authority_file: Path | None = None  # PEM; given: the bus must show a certificate of its

    grpc_address: str = "127.0.0.1:0"  # where this program listens; port 0: any free one
    identity_address: str = "127.0.0.1:7101"
    opportunities_address: str = "127.0.0.1:7102"
    matching_address: str = "127.0.0.1:7103"
    notifications_address: str = "127.0.0.1:7104"
    federation_address: str = "127.0.0.1:7105"
    # Whose X-Forwarded-For is believed: addresses and networks, separated by commas. Empty: nobody's.
    trusted_proxies: str = ""
    rpc_workers: int = 8
    rpc_limit: int = 64  # calls in work and waiting; the next one is refused at once

    # Native gRPC health alone, without TLS, for probes; empty: none. The service "alive" says whether
    # the program lives, "" whether it is ready.
    health_address: str = ""
    # PEM; all three or none: programs then talk TLS to each other and show their own certificates. Gateway and
    # pages answer by HTTPS then, to callers with and without one.
    tls_certificate_file: Path | None = None
    tls_key_file: Path | None = None
    tls_authority_file: Path | None = None

    service_key_file: Path = Path("data/keys/service.json")  # this program's private JWK
    service_keys_file: Path = Path("data/keys/services.json")  # public JWKS of all programs

    otlp_endpoint: str = ""  # empty: tracing is off
    trace_ratio: float = 1.0  # share of the traces that begin here that are kept
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0  # 0: no metrics
    log_level: str = "INFO"

    @property
    def tls(self) -> Tls | None:
        """How programs talk to each other; none: in the clear, as on one machine."""
        certificate, key = self.tls_certificate_file, self.tls_key_file
        if certificate and key and self.tls_authority_file:
            return Tls(certificate, key, self.tls_authority_file)
        return None

    @model_validator(mode="after")
    def _all_of_tls_or_none(self) -> Self:
        given = (self.tls_certificate_file, self.tls_key_file, self.tls_authority_file)
        if any(given) and not all(given):
            raise ValueError(
                "tls_certificate_file, tls_key_file and tls_authority_file go together"
            )
        return self
