"""A federation process that catches up with a partner after a cut: how soon, how fast, with how much memory.

`python -m tests.bench.catching_up DATABASE_URL` is the process that reads.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

from sqlalchemy.orm import Session

from chassis import migrations
from chassis.clock import now
from chassis.database import Database
from chassis.garbage import look_seldom
from services.federation.__main__ import House  # for the memory of all that the program brings in
from services.federation.config import Config
from services.federation.partners.models import Partner
from services.federation.protocol.keys import SigningKey, fingerprint
from services.federation.pulling.desk import Desk
from services.federation.pulling.pace import Waits
from services.federation.pulling.worker import Pulling
from services.federation.receiving.gossip import Lead
from tests.bench.report import Row, bound
from tests.unit.federation.origins import NATIONAL, Origin
from tests.unit.federation.partner_server import PartnerServer, serving

OURS = "east-of-england"
KEY = SigningKey("east-2026-1", b"\1" * 32)
BACKLOG = 20_000
START_WITHIN_S = 3
MOST_MIB = 150
LOOK_EVERY_S = 0.01
GIVE_UP_S = 120.0
FAILURES = 3  # before the cut is mended


def rows(folder: Path, apply_rate: float) -> Iterator[Row]:
    """`apply_rate`: entries a second that one core verifies and applies, in the same run."""
    origin = Origin()
    for number in range(BACKLOG):
        origin.put(number)
    server = PartnerServer(origin, KEY.public, is_away=True, clock=now)
    with serving(server), reading(folder, server) as (database, process):
        _until(lambda: len(server.asked) >= FAILURES)
        server.is_away, mended = False, time.monotonic()
        _until(lambda: _read(database) > 0)
        started, cpu = time.monotonic(), _cpu_s(process.pid)
        _until(lambda: _read(database) == BACKLOG)
        rate = BACKLOG / (time.monotonic() - started)
        per_core = BACKLOG / (_cpu_s(process.pid) - cpu)
        yield bound(
            "catch-up begins after the cut",
            (started - mended) * 1000,
            most=START_WITHIN_S * 1000,
            unit="ms",
            beside=f"{BACKLOG:,} entries",
        )
        yield Row(
            "catch-up, of the apply rate",
            f"{rate / apply_rate:.2f} ({rate:,.0f}/s)",
            f"{per_core:,.0f}/s of its core",
            ">= 0.7",
            rate / apply_rate >= 0.7,
        )
        yield bound(
            "memory of federation in catch-up, peak",
            _peak_mib(process.pid),
            most=MOST_MIB,
            unit="MiB",
            beside=f"{BACKLOG:,} entries",
        )


@contextmanager
def reading(
    folder: Path, server: PartnerServer
) -> Iterator[tuple[Database, subprocess.Popen[bytes]]]:
    """A process that reads the partner until the block ends."""
    url = f"sqlite:///{folder / 'catching_up.db'}"
    migrations.upgrade("federation", url)
    server.origin.revise(url=server.url)
    with Database(url) as database:
        with database.begin() as session:
            session.add(
                Partner.pin(
                    server.origin.signed_document,
                    fingerprint(server.origin.root.public),
                    own_region=OURS,
                    channels=[NATIONAL],
                    at=now(),
                )
            )
        process = subprocess.Popen([sys.executable, "-m", "tests.bench.catching_up", url])
        try:
            yield database, process
        finally:
            process.terminate()
            process.wait()


def _read(database: Database) -> int:
    from services.federation.receiving.models import ReceivedCursor

    with database.read() as session:
        cursor = session.get(ReceivedCursor, ("scotland", NATIONAL))
        return cursor.seq if cursor else 0


def _until(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GIVE_UP_S
    while not claim() and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_S)


def _cpu_s(pid: int) -> float:
    """The processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


class Wordless:
    """Says hello with nothing to say: what is measured is reading."""

    def say(self, _: Session, __: str) -> dict[str, Any]:
        return {"cursors": []}

    def hear(self, _: Session, __: str, ___: Mapping[str, Any]) -> Sequence[Lead]:
        return ()


def main() -> None:
    from tests.bench.federation import SILENT

    assert House
    look_seldom()
    with Database(sys.argv[1]) as database:
        desk = Desk(database, OURS, lambda: KEY, SILENT, Wordless(), development=True)
        pulling = Pulling(
            desk,
            waits=Waits(longest_s=1.0, probe_s=1.0),
            hello_every_s=3600,
            document_every_s=1e6,
            verify_per_s=Config().verify_per_s,
        )
        pulling.start()
        Event().wait()


if __name__ == "__main__":
    main()
