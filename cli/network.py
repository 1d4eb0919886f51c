"""Three regions on one machine that are partners of each other, each with all that a region has."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence

import click
from interchange.federation.v1 import region_keys_pb2 as pb

from cli.demonstration import is_half_seeded, is_seeded
from cli.nursery import Nursery
from cli.region import Region, Say, require_free
from cli.settings import SERVICES, Settings

REGIONS = (
    ("east-of-england", "East of England"),
    ("south-west", "South West"),
    ("scotland", "Scotland"),
)
# From one region's public ports to the next one's.
STEP = 100
CHANNELS = ["national"]


class Network:
    """The regions. Start it, tend it now and then, stop it."""

    def __init__(self, settings: Settings, nursery: Nursery) -> None:
        self.regions: Sequence[Region] = [Region(each, nursery) for each in settings_of(settings)]

    def start(self, say: Say = print) -> None:
        """Start all at once, and wait until all are ready."""
        for region in self.regions:
            region.launch()
        for region in self.regions:
            region.settle(say)
            say(f"{region.settings.region_display_name} answers at {region.url}")

    def befriend(self) -> None:
        """Give each an identity, and pin each to the others by its fingerprint. Again is no harm."""
        from cli.federation.beginning import begin_unless_begun  # keys and sockets: not for a start

        told = {each: begin_unless_begun(each.settings, each.federation_url) for each in self.regions}  # fmt: skip
        for region, identity in told.items():
            _require_same_address(region, identity)
            _pin_all(region, [each for other, each in told.items() if other is not region])

    def seed(self, is_told: Callable[[], bool]) -> None:
        """Put its demonstration into each that has none."""
        from cli.seeding import seed  # once in a region's life
        from demo.regions.demonstration import SMALL

        for region in self.regions:
            if not is_seeded(region.settings.data_dir):
                seed(region.settings, is_told, SMALL)

    def tend(self, say: Say) -> None:
        """Start again what has died."""
        for region in self.regions:
            region.tend(lambda line, of=region: say(f"{of.settings.region}: {line}"))  # type: ignore[misc]  # mypy infers no default

    def stop(self) -> None:
        """Stop all. Nothing is left behind."""
        for region in self.regions:
            region.stop()


def settings_of(settings: Settings) -> Iterator[Settings]:
    """Each region's own: a folder below the data folder, public ports by steps, and any free ones inside."""
    inner = {f"{each}_port": 0 for each in (*SERVICES, "nats", "valkey", "smtp", "traces")}
    databases = {f"{each}_database_url": "" for each in SERVICES}
    for number, (region, display_name) in enumerate(REGIONS):
        yield settings.model_copy(
            update={
                **inner,
                **databases,
                "data_dir": settings.data_dir / region,
                "region": region,
                "region_display_name": display_name,
                "gateway_port": _stepped(settings.gateway_port, number),
                "web_port": _stepped(settings.web_port, number),
                "public_url": "",
                "federation_url": "",
                "federation_on_loopback": True,
                "traces": True,
            }
        )


def discard_half_begun(settings: Settings) -> bool:
    """Empty all folders when seeding was broken off in one: made anew it would be a stranger to the others."""
    folders = [each.data_dir for each in settings_of(settings)]
    if not any(is_half_seeded(each) for each in folders):
        return False
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return True


def require_free_ports(settings: Settings) -> None:
    """A clear word when a program could not listen."""
    for each in settings_of(settings):
        require_free(each)


def _stepped(port: int, number: int) -> int:
    return port + STEP * number if port else 0


def _pin_all(region: Region, others: Sequence[pb.RegionIdentity]) -> None:
    from cli.federation.partners import all_partners, name_of, partner_service, pin

    service = partner_service(region.settings)
    known = {each.name for each in all_partners(service)}
    for other in others:
        if name_of(other.region) not in known:
            pin(service, other.region, other.document, other.fingerprint, CHANNELS)


def _require_same_address(region: Region, identity: pb.RegionIdentity) -> None:
    """Partners know each other by address: one that moved would not be found."""
    if identity.url != region.federation_url:
        raise click.ClickException(
            f"{identity.region} was begun at {identity.url} and is at {region.federation_url} now: "
            "start it with the same GATEWAY_PORT, or with another DATA_DIR"
        )
