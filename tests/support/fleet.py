"""A region as a cluster runs it: each program is replaced by another that is ready first, found by name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Self

import grpc
import requests
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from chassis.bus.permissions import ADMIN, server_config
from cli import keys
from cli.address_book import AddressBook
from cli.channels import key_file
from cli.hearing import HEARING
from cli.ports import free_port
from cli.settings import PROGRAMS, SERVICES
from cli.supervisor import Program, spawn
from tests.support import released, servers
from tests.support.naming import Names
from tests.support.proxy import Proxy
from tests.support.waiting import eventually
from tests.support.world import World

READY_WITHIN_S = 240.0
STOP_WITHIN_S = 60.0
STARTS = 3
# Programs that people reach, each through a door that leads to the replica of the day.
PUBLIC = ("gateway", "web")
# What the job of the chart does, in words that every release understands.
PROVISION = """
import sys
from pathlib import Path
from chassis.bus import Bus
from chassis.bus.streams import provision
from cli.provision import HEARING
bus = Bus(sys.argv[1], name="admin", seed_file=Path(sys.argv[2]))
bus.open(20)
with bus:
    provision(bus, HEARING, duplicate_window_s=0.1)
"""


@dataclass(frozen=True)
class Release:
    """Programs of one age: where Python finds them, and which there are."""

    path: Sequence[Path | str]
    programs: Sequence[str]
    asks_names: bool = True  # again as soon as a replica is gone

    def run(self, *arguments: str, **environment: str) -> None:
        """A command of this release, to its end."""
        done = subprocess.run(
            [sys.executable, *arguments], env=self.environment(environment), capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        path = os.pathsep.join(map(str, self.path))
        # Safe: what lies in the folder that tests are started in is not what is meant.
        return {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", **more}


def today() -> Release:
    """The programs as they are."""
    return Release([each for each in sys.path if each], PROGRAMS)


def last(folder: Path) -> Release:
    """The programs of the last release, unpacked in a folder."""
    path = released.unpack(folder)
    programs = [
        each
        for each in PROGRAMS
        if (path / _module(each).replace(".", "/") / "__main__.py").exists()
    ]
    # It asks for names each half minute at most, for it never was in a cluster: it is told both places.
    return Release([path, path / "gen"], programs, asks_names=False)


def _module(program: str) -> str:
    return f"services.{program}" if program in SERVICES else program


class Replica:
    """A running program."""

    def __init__(self, host: str, program: Program) -> None:
        self.host = host
        self._program = program
        self._starts = 0
        self._start()

    def _start(self) -> None:
        self._starts += 1
        self.process = spawn(self._program)

    def tend(self) -> None:
        """As a cluster does: what dies is started again, for a while."""
        if self.process.poll() is None:
            return
        if self._starts == STARTS:
            raise RuntimeError(f"{self._program.name}: {self._program.log.read_text()[-2000:]}")
        self._start()

    def end(self) -> None:
        """As a cluster does: told, and waited for; it must go by itself."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(STOP_WITHIN_S)


@dataclass
class Fleet:
    """`with Fleet.assembled(…) as fleet:`; fleet.start(release), fleet.replace(program, release)."""

    folder: Path
    databases: Mapping[str, str]
    nats: servers.Nats
    redis_url: str
    doors: Mapping[str, Proxy]
    ready: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    replicas: dict[str, Replica] = field(default_factory=dict)
    ports: Mapping[str, int] = field(
        default_factory=lambda: {each: free_port() for each in PROGRAMS}
    )
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    names: Names = field(init=False)

    @classmethod
    @contextmanager
    def assembled(cls, folder: Path, databases: Mapping[str, str]) -> Iterator[Self]:
        """What programs stand on: keys, a bus, a Valkey, names and doors."""
        keys.create(folder)
        nats = servers.Nats(folder)
        config = server_config(
            listen=f"127.0.0.1:{nats.port}", store_dir=folder / "store",
            users=keys.bus_users(folder), consumers=HEARING,
        )  # fmt: skip
        (folder / "nats.conf").write_text(config)
        with ExitStack() as stack:
            redis_url = stack.enter_context(servers.valkey(folder))
            nats.start()
            stack.callback(nats.stop)
            doors = {each: stack.enter_context(Proxy(0)) for each in PUBLIC}
            fleet = cls(folder, databases, nats, redis_url, doors)
            fleet.names = stack.enter_context(Names(fleet.ready))
            stack.callback(fleet.stop)
            yield fleet

    def start(self, release: Release) -> None:
        """A new region: schema, streams, every program."""
        self.prepare(release)
        started = {each: self._spawn(each, release) for each in release.programs}
        for program, replica in started.items():
            self._take_in(program, replica)

    def prepare(self, release: Release) -> None:
        """What jobs do before programs of this release start."""
        urls = {f"{each.upper()}_DATABASE_URL": url for each, url in self.databases.items()}
        release.run("-m", "cli", "migrate", DATA_DIR=str(self.folder), **urls)
        seed = keys.seed_file(self.folder, ADMIN)
        release.run("-c", PROVISION, self.nats.url, str(seed))

    def replace(self, program: str, release: Release) -> None:
        """The new one is ready before the old one is told to end."""
        old = self.replicas.get(program)
        new = self._spawn(program, release)
        self._take_in(program, new)
        if old:
            self.ready[program].remove(old.host)
            old.end()

    def has(self, program: str) -> bool:
        """Whether it runs."""
        return program in self.replicas

    def stop(self) -> None:
        """All that runs, the pages first."""
        for replica in reversed(self.replicas.values()):
            replica.end()

    def world(self, suffix: str) -> World:
        """People and organisations of one test; made while all replicas are the first."""
        hosts = {self.replicas[each].host for each in self.replicas}
        assert hosts == {"127.0.0.1"}, hosts
        services = {each: self.ports[each] for each in SERVICES}
        door = self.doors["gateway"]
        book = AddressBook(os.getpid(), door.port, self.nats.port, 0, 0, services)
        book.write(self.folder)
        return World(door.url, self.folder, suffix)

    def _spawn(self, program: str, release: Release) -> Replica:
        old = self.replicas.get(program)
        host = "127.0.0.2" if old and old.host == "127.0.0.1" else "127.0.0.1"
        environment = release.environment(self._environment(program, host, release))
        log = self.folder / f"{next(self.numbers)}-{program}.log"
        command = [sys.executable, "-m", _module(program)]
        return Replica(host, Program(program, command, log, environment))

    def _take_in(self, program: str, replica: Replica) -> None:
        """Let it have calls as soon as it is ready."""
        self.replicas[program] = replica
        address = f"{replica.host}:{self.ports[program]}"
        probe = _answers if program in PUBLIC else _serves

        def is_ready() -> None:
            replica.tend()
            probe(address)

        eventually(is_ready, timeout_s=READY_WITHIN_S, every_s=0.2)
        self.ready[program].append(replica.host)
        if program in PUBLIC:
            self.doors[program].lead_to(replica.host, self.ports[program])

    def _addresses(self, release: Release) -> dict[str, str]:
        """Where programs find each other."""
        by_name, by_place = "dns://{0}/{1}:{2}", "ipv4:127.0.0.1:{2},127.0.0.2:{2}"
        way = by_name if release.asks_names else by_place
        return {
            f"INTERCHANGE_{each.upper()}_ADDRESS": way.format(self.names.server, each, port)
            for each, port in self.ports.items()
            if each != "web"
        }

    def _environment(self, program: str, host: str, release: Release) -> dict[str, str]:
        everywhere = {"INTERCHANGE_REDIS_URL": self.redis_url, "PYTHONUNBUFFERED": "1"}
        public = {"INTERCHANGE_HOST": host, "INTERCHANGE_PORT": str(self.ports[program])}
        if program == "web":
            urls = {
                "INTERCHANGE_GATEWAY_URL": self.doors["gateway"].url,
                "INTERCHANGE_PUBLIC_URL": self.doors["web"].url,
            }
            return {**everywhere, **public, **urls}
        common = {
            **everywhere,
            **self._addresses(release),
            "INTERCHANGE_SERVICE_KEY_FILE": str(key_file(self.folder, program)),
            "INTERCHANGE_SERVICE_KEYS_FILE": str(self.folder / "keys" / "services.json"),
        }
        if program == "gateway":
            return {**common, **public, "INTERCHANGE_RATE_LIMIT_FACTOR": "1000"}
        return {
            **common,
            "INTERCHANGE_GRPC_ADDRESS": f"{host}:{self.ports[program]}",
            "INTERCHANGE_DATABASE_URL": self.databases[program],
            "INTERCHANGE_NATS_URL": self.nats.url,
            "INTERCHANGE_NATS_SEED_FILE": str(keys.seed_file(self.folder, program)),
            "INTERCHANGE_KEY_ENCRYPTION_FILE": str(keys.encryption_file(self.folder, program)),
            # Nobody signs in again in between, however slow the machine is.
            "INTERCHANGE_ACCESS_TTL_S": "7200",
            # Words only: what an encoder understands takes seconds to load, and is not asked here.
            "INTERCHANGE_MODEL_DIR": str(self.folder / "no-model"),
            "INTERCHANGE_INDEX_DIR": str(self.folder / f"index-{host}"),
        }


def _serves(address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        try:
            answer = HealthStub(channel).Check(HealthCheckRequest(), timeout=2)
        except grpc.RpcError as problem:
            raise AssertionError(address) from problem
    assert answer.status == HealthCheckResponse.SERVING


def _answers(address: str) -> None:
    try:
        status = requests.get(f"http://{address}/healthz", timeout=2).status_code
    except requests.RequestException as problem:
        raise AssertionError(address) from problem
    assert status == 200
