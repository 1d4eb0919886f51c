"""A whole region as child processes, and what it has written: mails, logs, events and spans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from chassis.bus import Bus
from chassis.bus.permissions import ADMIN
from cli.address_book import AddressBook
from cli.keys import seed_file
from cli.nursery import Born
from tests.support import cradle
from tests.support.api import Api
from tests.support.telemetry import Collector
from tests.support.waiting import eventually
from tests.support.world import World

READY_WITHIN_S = 130.0  # longer than `up` itself waits, which then says what is missing
SEEDED_WITHIN_S = 300.0
STOP_WITHIN_S = 20.0
ENDED_PROGRAMS = "starting it again"


def descendants(pid: int) -> list[int]:
    """The process, its children and theirs, each before its own."""
    found = [pid]
    with suppress(FileNotFoundError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += descendants(int(child))
    return found


@dataclass
class RunningRegion:
    """A region under `interchange up`."""

    data: Path
    collector: Collector
    environment: Mapping[str, str] = field(default_factory=dict)
    process: Born | subprocess.Popen[bytes] | None = None
    has_demonstration: bool = False
    is_typed: bool = False  # as an operator does, and not forked from who has its libraries already

    @classmethod
    @contextmanager
    def started(
        cls, data: Path, *, demonstration: bool = False, typed: bool = False, **environment: str
    ) -> Iterator[RunningRegion]:
        """Started when entered and ready; stopped when left, with nothing left behind."""
        with Collector() as collector:
            region = cls(
                data, collector, environment, has_demonstration=demonstration, is_typed=typed
            )
            try:
                region.start()
                yield region
            finally:
                region.stop()

    def start(self) -> None:
        """Start it and wait for the line that says that it is ready."""
        self.launch()
        self.await_ready()

    def launch(self) -> None:
        """Start it."""
        environment = {
            **os.environ,
            "DATA_DIR": str(self.data),
            "GATEWAY_PORT": "0",
            "WEB_PORT": "0",
            "OTLP_ENDPOINT": self.collector.url,
            "RATE_LIMIT_FACTOR": "1000",
            "PROVIDERS_ON_LOOPBACK": "1",
            **self.environment,
        }
        self._output.write_bytes(b"")
        command = ["up", *(["--demo"] if self.has_demonstration else [])]
        if self.is_typed:
            self.process = self._typed(command, environment)
        else:
            self.process = cradle.ours().bear("cli", command, environment, self._output)

    def _typed(
        self, command: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        with self._output.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "cli", *command],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def await_ready(self, within_s: float = READY_WITHIN_S) -> None:
        """Wait for the line that says that it is ready; the demonstration takes longer."""
        eventually(self._is_ready, timeout_s=within_s + SEEDED_WITHIN_S * self.has_demonstration)

    def stop(self) -> None:
        """Stop it as an operator does."""
        assert self.process
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_WITHIN_S)
            return
        os.kill(self.process.pid, signal.SIGKILL)
        raise AssertionError("the region does not stop")

    @property
    def _output(self) -> Path:
        return self.data / "up.log"

    def _is_ready(self) -> None:
        assert self.process
        if self.process.poll() is not None:
            raise RuntimeError(f"the region ended: {self._output.read_text()[-3000:]}")
        assert "\nready" in self._output.read_text(), self._output.read_text()[-3000:]

    @property
    def book(self) -> AddressBook:
        """Where its programs answer."""
        book = AddressBook.read(self.data)
        assert book
        return book

    @property
    def url(self) -> str:
        """The gateway's address."""
        return f"http://127.0.0.1:{self.book.gateway}"

    @property
    def visitor(self) -> Api:
        return Api(self.url)

    def world(self, suffix: str) -> World:
        """People and organisations of one test."""
        return World(self.url, self.data, suffix)

    def pid(self, program: str) -> int:
        """The process of one program, to hurt it."""
        assert self.process
        marks = {
            "nats": "nats-server",
            "valkey": "valkey",
            "mailbox": "cli.mailbox",
            "web": "-m web",
        }
        wanted = marks.get(program, "gateway" if program == "gateway" else f"services.{program}")
        for child in descendants(self.process.pid):
            with suppress(FileNotFoundError):
                if wanted in Path(f"/proc/{child}/cmdline").read_text().replace("\0", " "):
                    return child
        raise AssertionError(f"{program} does not run")

    def kill(self, program: str) -> None:
        """As an accident would."""
        os.kill(self.pid(program), signal.SIGKILL)

    def mails_to(self, address: str) -> list[EmailMessage]:
        """Mails to one address, oldest first. Others are not read: a region that runs for long holds thousands."""
        recipient = f"X-Recipient: {address}\r\n".encode()
        files = sorted((self.data / "mail").glob("*.eml"))
        contents = [each.read_bytes() for each in files]
        return [
            message_from_bytes(each, policy=policy.default)
            for each in contents
            if recipient in each
        ]

    def expect_whole_trace(self, trace_id: str, *, through: set[str]) -> None:
        """One connected trace that crosses these programs."""
        assert trace_id

        def whole() -> None:
            spans = self.collector.trace(trace_id)
            assert through <= {seen.program for seen in spans}, {seen.program for seen in spans}
            known = {seen.id for seen in spans}
            orphans = [seen.name for seen in spans if seen.parent and seen.parent not in known]
            assert not orphans, orphans
            assert len([seen for seen in spans if not seen.parent]) == 1

        eventually(whole, timeout_s=20)

    def everything_written(self) -> Iterator[tuple[str, str]]:
        """What must hold no personal data: logs, spans and the events of the bus."""
        for log in sorted((self.data / "logs").glob("*.log")):
            yield log.name, log.read_text(errors="replace")
        yield "spans", self.collector.text()
        streams = self.data / "nats" / "store" / "jetstream" / "REGION" / "streams"
        for stored in sorted(streams.glob("*/msgs/*.blk")):
            yield stored.name, stored.read_bytes().decode("utf-8", errors="replace")

    def admin_bus(self) -> Bus:
        """The bus as its administrator."""
        url = f"nats://127.0.0.1:{self.book.nats}"
        bus = Bus(url, name=ADMIN, seed_file=seed_file(self.data, ADMIN))
        bus.open(10)
        return bus
