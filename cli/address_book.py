"""Where a running region's programs answer: written by `interchange up`, read by every other command."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "region.json"


@dataclass(frozen=True)
class AddressBook:
    """Ports on loopback of one running region, and the process that runs it."""

    pid: int
    gateway: int
    nats: int
    valkey: int
    smtp: int
    services: dict[str, int]
    web: int = 0
    traces: int = 0  # 0: they are not kept here
    duplicate_window_s: float = 600  # how long the bus itself remembers what it was given

    def address(self, service: str) -> str:
        """host:port of a service's gRPC server."""
        return f"127.0.0.1:{self.services[service]}"

    def write(self, data_dir: Path) -> None:
        """Keep it where other commands look."""
        (data_dir / FILE).write_text(json.dumps(asdict(self), indent=2))

    @classmethod
    def read(cls, data_dir: Path) -> AddressBook | None:
        """The region that runs on this data folder; None when there is none."""
        try:
            return cls(**json.loads((data_dir / FILE).read_text()))
        except FileNotFoundError:
            return None

    @staticmethod
    def remove(data_dir: Path) -> None:
        """The region has stopped."""
        (data_dir / FILE).unlink(missing_ok=True)
