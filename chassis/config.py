"""What every program is told from outside: read once in `__main__`, passed on as a value."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


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

    grpc_address: str = "127.0.0.1:0"  # where this program listens; port 0: any free one
    identity_address: str = "127.0.0.1:7101"
    opportunities_address: str = "127.0.0.1:7102"
    matching_address: str = "127.0.0.1:7103"
    notifications_address: str = "127.0.0.1:7104"
    rpc_workers: int = 8
    rpc_limit: int = 64  # calls in work and waiting; the next one is refused at once

    service_key_file: Path = Path("data/keys/service.json")  # this program's private JWK
    service_keys_file: Path = Path("data/keys/services.json")  # public JWKS of all programs

    otlp_endpoint: str = ""  # empty: tracing is off
    trace_ratio: float = 1.0  # share of the traces that begin here that are kept
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0  # 0: no metrics
    log_level: str = "INFO"
