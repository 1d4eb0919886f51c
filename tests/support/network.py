"""Three real regions that are partners, each reached by the others through a proxy that a test can hurt."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from click.testing import CliRunner
from click.testing import Result as Outcome
from interchange.federation.v1 import partners_pb2 as pb

from chassis.errors import Error
from chassis.foreign import foreign_name
from cli.__main__ import main
from cli.federation.partners import all_partners, name_of, partner_service
from cli.ports import free_port
from cli.settings import Settings
from tests.support.api import Api
from tests.support.proxy import Proxy
from tests.support.region import RunningRegion
from tests.support.telemetry import Collector
from tests.support.waiting import eventually, while_it_moves

Result = TypeVar("Result")

EAST, SOUTH_WEST, SCOTLAND = "east-of-england", "south-west", "scotland"
NAMES = {EAST: "East of England", SOUTH_WEST: "South West", SCOTLAND: "Scotland"}
# Minutes of the real thing as seconds: what is waited for is the same.
QUICK = {
    "INTERCHANGE_POLL_EVERY_S": "1",
    "INTERCHANGE_HELLO_EVERY_S": "2",
    "INTERCHANGE_DOCUMENT_EVERY_S": "5",
    "INTERCHANGE_RETRY_FIRST_S": "0.2",
    "INTERCHANGE_RETRY_LONGEST_S": "2",
    "INTERCHANGE_MEASURE_EVERY_S": "1",
    "INTERCHANGE_TEND_EVERY_S": "1",
}
# All that travels of a notice but when it was published, which no region believes if it is to come.
FIELDS = (
    "kind",
    "format",
    "title",
    "body",
    "themes",
    "skills",
    "gradeBands",
    "attendance",
    "startDate",
    "endDate",
    "daysPerWeek",
    "closeTime",
    "place",
    "conditions",
    "placesTaken",
    "organisationDisplayName",
    "sector",
)
PAGE = 100
READY_WITHIN_S = 180.0  # three at once, on whatever there is


@dataclass
class RegionInNetwork:
    """One of them."""

    code: str
    running: RunningRegion
    proxy: Proxy

    @property
    def visitor(self) -> Api:
        return self.running.visitor

    @property
    def settings(self) -> Settings:
        return Settings(
            data_dir=self.running.data, region=self.code, region_display_name=NAMES[self.code]
        )

    def interchange(self, *arguments: str, check: bool = True) -> Outcome:
        """The operator's command, as typed there."""
        environment = {
            "DATA_DIR": str(self.running.data),
            "REGION": self.code,
            "REGION_DISPLAY_NAME": NAMES[self.code],
            "FEDERATION_URL": self.proxy.url,
            "COLUMNS": "400",
        }
        result = CliRunner().invoke(main, list(arguments), env=environment)
        assert not check or result.exit_code == 0, (arguments, result.output, result.exception)
        return result

    def partner(self, code: str) -> pb.Partner:
        """How another region stands to this one."""
        stub = partner_service(self.settings)
        return stub.GetPartner(pb.GetPartnerRequest(name=name_of(code)))

    def partners(self) -> list[pb.Partner]:
        return list(all_partners(partner_service(self.settings)))

    def progress(self) -> object:
        """How far the logs are, its own and what it reads of others, and what its search knows."""
        try:
            logs = {
                (partner.name, each.channel, each.incoming, each.epoch, each.cursor, each.head)
                for partner in self.partners()
                for each in partner.progress
            }
        except Error:  # it is starting again
            logs = set()
        return logs, self._position()

    def _position(self) -> int:
        """Of the newest change to a notice that its search has heard of."""
        with closing(sqlite3.connect(self.running.data / "matching.db")) as database:
            (newest,) = database.execute("SELECT max(position) FROM cards").fetchone()
            return newest or 0

    def name_here(self, region: str, name: str) -> str:
        """What this region calls something of another."""
        return name if region == self.code else foreign_name(region, name)

    def search(self, **query: Any) -> list[dict[str, Any]]:
        """Notices found, all pages."""
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            page = self.visitor.get("/v1/notices:search", pageSize=PAGE, pageToken=token, **query)
            found += page.body.get("notices", [])
            token = page.body.get("nextPageToken", "")
            if not token:
                return found

    def live(self, origin: str) -> dict[str, tuple[Any, ...]]:
        """Every live notice of an origin as a search finds it here, in the fields that travel, by its name here."""
        return {each["name"]: content(each) for each in self.search(region=origin)}


@dataclass
class RunningNetwork:
    """The three."""

    regions: Mapping[str, RegionInNetwork]

    def __getitem__(self, code: str) -> RegionInNetwork:
        return self.regions[code]

    @property
    def east(self) -> RegionInNetwork:
        return self.regions[EAST]

    @property
    def south_west(self) -> RegionInNetwork:
        return self.regions[SOUTH_WEST]

    @property
    def scotland(self) -> RegionInNetwork:
        return self.regions[SCOTLAND]

    @classmethod
    @contextmanager
    def started(
        cls, folder: Path, environment: Mapping[str, Mapping[str, str]] | None = None
    ) -> Iterator[RunningNetwork]:
        """Started, each with an identity, each pinned to the others and in contact. `environment`: by region."""
        own = environment or {}
        with ExitStack() as stack:
            collector = stack.enter_context(Collector())
            regions: dict[str, RegionInNetwork] = {}
            for code in NAMES:
                port = free_port()
                proxy = stack.enter_context(Proxy(port))
                regions[code] = _region(
                    code, folder / code, port, proxy, collector, own.get(code, {})
                )
            network = cls(regions)
            for each in regions.values():
                each.running.launch()
                stack.callback(_stop, each.running)
            for each in regions.values():
                each.running.await_ready(READY_WITHIN_S)
            network.befriend()
            yield network

    def befriend(self) -> None:
        """As their operators do it: each an identity, then each other's documents and words."""
        words = {
            each.code: each.interchange("federation", "init").stdout.strip().splitlines()[-1]
            for each in self.regions.values()
        }
        for code, each in self.regions.items():
            for other, region in self.regions.items():
                if other != code:
                    self._add(each, region, words[other].strip())
        eventually(self.all_are_active, timeout_s=20)

    def _add(self, to: RegionInNetwork, other: RegionInNetwork, words: str) -> None:
        document = to.running.data / f"{other.code}.region.json"
        document.write_text(other.interchange("federation", "invite").stdout)
        to.interchange("federation", "add", str(document), "--fingerprint", words)

    def all_are_active(self) -> None:
        for each in self.regions.values():
            states = {
                partner.name: pb.Partner.State.Name(partner.state)
                for partner in each.partners()
                if partner.name.removeprefix("partners/") in self.regions  # others come and go
            }
            assert set(states.values()) == {"ACTIVE"}, (each.code, states)

    def agree(self, *, still_s: float = 30.0) -> None:
        """Every region shows every live network notice of every other, and nothing else of it.

        Waits as long as anything is on its way; fails when nothing has moved for so long.
        """
        for origin in self.regions.values():
            for reader in self.regions.values():
                if reader is not origin:
                    self.wait(lambda o=origin, r=reader: _same(o, r), still_s=still_s)

    def wait(self, claim: Callable[[], Result], *, still_s: float) -> Result:
        """What `claim` answers once it raises no AssertionError, as long as anything is on its way."""
        return while_it_moves(claim, self._progress, still_s=still_s)

    def _progress(self) -> object:
        return [each.progress() for each in self.regions.values()]


def _region(
    code: str,
    folder: Path,
    port: int,
    proxy: Proxy,
    collector: Collector,
    environment: Mapping[str, str],
) -> RegionInNetwork:
    folder.mkdir(parents=True)
    own = {
        "REGION": code,
        "REGION_DISPLAY_NAME": NAMES[code],
        "GATEWAY_PORT": str(port),
        "FEDERATION_URL": proxy.url,
        "FEDERATION_ON_LOOPBACK": "1",
        **QUICK,
        **environment,
    }
    return RegionInNetwork(code, RunningRegion(folder, collector, own), proxy)


def _stop(region: RunningRegion) -> None:
    if region.process and region.process.poll() is None:
        region.stop()


def _same(origin: RegionInNetwork, reader: RegionInNetwork) -> None:
    own = origin.live(origin.code)
    expected = {
        reader.name_here(origin.code, name): said
        for name, said in own.items()
        if said[-1] == "NETWORK"
    }
    found = reader.live(origin.code)
    assert set(found) == set(expected), (
        f"{reader.code} of {origin.code}: {len(found)} found, {len(expected)} expected"
    )
    different = [name for name in found if found[name] != expected[name]]
    assert not different, (found[different[0]], expected[different[0]])


def content(notice: Mapping[str, Any]) -> tuple[Any, ...]:
    """What of a notice must be the same everywhere."""
    return (*(_plain(notice.get(each)) for each in FIELDS), notice.get("visibility"))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple(sorted(value.items()))
    return tuple(value) if isinstance(value, list) else value
