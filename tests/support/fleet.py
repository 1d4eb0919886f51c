"""A region as a cluster runs it: each program is replaced by another that is ready first, found by name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Self

import grpc
import pytest
import requests
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from chassis.bus.permissions import ADMIN, server_config
from chassis.tls import Tls
from cli import keys
from cli.channels import PROGRAM, key_file
from cli.hearing import HEARING
from cli.nursery import Born, Nursery
from cli.ports import free_port
from cli.settings import PROGRAMS, SERVICES
from tests.support import cradle, released, servers
from tests.support.authority import Authority
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

    path: tuple[Path | str, ...]
    programs: tuple[str, ...]
    asks_names: bool = True  # again as soon as a replica is gone

    def run(self, script: str, *arguments: str) -> None:
        """Something written for this release's modules, to its end."""
        command = [sys.executable, "-c", script, *arguments]
        done = subprocess.run(
            command, env=self.environment({}), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        path = os.pathsep.join(map(str, self.path))
        # Safe: what lies in the folder that tests are started in is not what is meant.
        return {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", **more}


def today() -> Release:
    """The programs as they are."""
    return Release(tuple(each for each in sys.path if each), PROGRAMS)


def last(folder: Path) -> Release:
    """The programs of the last release, unpacked in a folder."""
    path = released.unpack(folder)
    programs = tuple(
        each
        for each in PROGRAMS
        if (path / _module(each).replace(".", "/") / "__main__.py").exists()
    )
    # It asks for names each half minute at most, for it never was in a cluster: it is told both places.
    return Release((path, path / "gen"), programs, asks_names=False)


def _module(program: str) -> str:
    return f"services.{program}" if program in SERVICES else program


class Replica:
    """A running program, which `start` starts."""

    def __init__(self, host: str, log: Path, start: Callable[[], Born]) -> None:
        self.host = host
        self._log, self._start = log, start
        self._starts = 1
        self._process = start()

    def tend(self) -> None:
        """As a cluster does: what dies is started again, for a while."""
        if self._process.poll() is None:
            return
        if self._starts == STARTS:
            raise RuntimeError(self._log.read_text()[-2000:])
        self._starts += 1
        self._process = self._start()

    def end(self) -> None:
        """As a cluster does: told, and waited for; it must go by itself."""
        self._process.terminate()
        self._process.wait(STOP_WITHIN_S)


@dataclass
class Fleet:
    """`with Fleet.assembled(…) as fleet:`; fleet.start(release), fleet.replace(program, release)."""

    folder: Path
    databases: Mapping[str, str]
    nats: servers.Nats
    redis_url: str
    doors: Mapping[str, Proxy]
    cradles: ExitStack
    authority: Authority | None = None
    certificates: dict[str, Tls] = field(default_factory=dict)
    nurseries: dict[Release, Nursery] = field(default_factory=dict)
    ready: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    replicas: dict[str, Replica] = field(default_factory=dict)
    ports: Mapping[str, int] = field(
        default_factory=lambda: {each: free_port() for each in PROGRAMS}
    )
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    names: Names = field(init=False)

    @classmethod
    @contextmanager
    def assembled(
        cls, folder: Path, databases: Mapping[str, str], authority: Authority | None = None
    ) -> Iterator[Self]:
        """What programs stand on: keys, a bus, a Valkey, names and doors. With an authority they show certificates."""
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
            cradles = stack.enter_context(ExitStack())
            fleet = cls(folder, databases, nats, redis_url, doors, cradles, authority)
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
        environment = release.environment({"DATA_DIR": str(self.folder), **urls})
        log = self.folder / f"{next(self.numbers)}-migrate.log"
        migrating = self._nursery(release).bear("cli", ["migrate"], environment, log)
        assert migrating.wait(READY_WITHIN_S) == 0, log.read_text()
        seed = keys.seed_file(self.folder, ADMIN)
        release.run(PROVISION, self.nats.url, str(seed))

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
        told = {
            "INTERCHANGE_SERVICE_KEY_FILE": str(key_file(self.folder, PROGRAM)),
            "INTERCHANGE_IDENTITY_ADDRESS": f"127.0.0.1:{self.ports['identity']}",
            **self._shown(PROGRAM),
        }
        with pytest.MonkeyPatch.context() as patch:
            for name, value in told.items():
                patch.setenv(name, value)
            return World(self.url("gateway"), self.folder, suffix)

    def url(self, program: str) -> str:
        """Where people reach it."""
        return f"{self._scheme}://127.0.0.1:{self.doors[program].port}"

    @property
    def _scheme(self) -> str:
        return "https" if self.authority else "http"

    def _tls(self, program: str) -> Tls | None:
        """The program's certificate, where they show each other some: the same for all its replicas."""
        if self.authority and program not in self.certificates:
            self.certificates[program] = self.authority.issue(program)
        return self.certificates.get(program)

    def _shown(self, program: str) -> dict[str, str]:
        tls = self._tls(program)
        if not tls:
            return {}
        return {
            "INTERCHANGE_TLS_CERTIFICATE_FILE": str(tls.certificate),
            "INTERCHANGE_TLS_KEY_FILE": str(tls.key),
            "INTERCHANGE_TLS_AUTHORITY_FILE": str(tls.authority),
        }

    def _spawn(self, program: str, release: Release) -> Replica:
        old = self.replicas.get(program)
        host = "127.0.0.2" if old and old.host == "127.0.0.1" else "127.0.0.1"
        environment = release.environment(self._environment(program, host, release))
        log = self.folder / f"{next(self.numbers)}-{program}.log"
        nursery = self._nursery(release)
        return Replica(host, log, lambda: nursery.bear(_module(program), [], environment, log))

    def _nursery(self, release: Release) -> Nursery:
        """Where this release's programs are born."""
        if release not in self.nurseries:
            opened = cradle.nursery(release.environment({}))
            self.nurseries[release] = self.cradles.enter_context(opened)
        return self.nurseries[release]

    def _take_in(self, program: str, replica: Replica) -> None:
        """Let it have calls as soon as it is ready."""
        self.replicas[program] = replica
        address = f"{replica.host}:{self.ports[program]}"

        def is_ready() -> None:
            replica.tend()
            self._expect_ready(program, address)

        eventually(is_ready, timeout_s=READY_WITHIN_S, every_s=0.2)
        self.ready[program].append(replica.host)
        if program in PUBLIC:
            self.doors[program].lead_to(replica.host, self.ports[program])

    def _expect_ready(self, program: str, address: str) -> None:
        """As whoever decides on it asks."""
        if program in PUBLIC:
            _answers(f"{self._scheme}://{address}/healthz")
        elif shown := self._tls(PROGRAM):
            _serves(grpc.secure_channel(address, shown.channel()))
        else:
            _serves(grpc.insecure_channel(address))

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
        everywhere = {
            "INTERCHANGE_REDIS_URL": self.redis_url,
            "PYTHONUNBUFFERED": "1",
            **self._shown(program),
        }
        public = {"INTERCHANGE_HOST": host, "INTERCHANGE_PORT": str(self.ports[program])}
        if program == "web":
            urls = {
                "INTERCHANGE_GATEWAY_URL": self.url("gateway"),
                "INTERCHANGE_PUBLIC_URL": self.url("web"),
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


def _serves(channel: grpc.Channel) -> None:
    with channel:
        try:
            answer = HealthStub(channel).Check(HealthCheckRequest(), timeout=2)
        except grpc.RpcError as problem:
            raise AssertionError(str(problem)) from problem
    assert answer.status == HealthCheckResponse.SERVING


def _answers(url: str) -> None:
    try:
        status = requests.get(url, timeout=2).status_code
    except requests.RequestException as problem:
        raise AssertionError(str(problem)) from problem
    assert status == 200
