"""Where a region's databases and bus are: on this machine, running or not, or wherever the environment says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from chassis.bus import Bus
from chassis.bus.permissions import ADMIN
from chassis.config import Config
from chassis.database import Database
from cli.address_book import AddressBook
from cli.keys import seed_file
from cli.ports import is_listening, wait_for_port
from cli.provision import prepare, provision_streams
from cli.region import ENGINES_WITHIN_S, NotReady, Region
from cli.settings import SERVICES, Settings
from cli.supervisor import Supervisor

CONNECT_WITHIN_S = 20.0


@contextmanager
def databases(settings: Settings) -> Iterator[Mapping[str, Database]]:
    """Each service's."""
    with ExitStack() as stack:
        yield {
            each: stack.enter_context(Database(settings.database_url(each), pool_size=2))
            for each in SERVICES
        }


def is_running(settings: Settings) -> bool:
    """Whether a region runs on the data folder."""
    book = AddressBook.read(settings.data_dir)
    return book is not None and is_listening(book.gateway)


@contextmanager
def bus(settings: Settings, seeds: Path | None) -> Iterator[Bus]:
    """The bus with its streams, as its administrator: elsewhere when there are seeds for it, else this machine's."""
    if seeds:
        with _there(seeds) as connected:
            yield connected
        return
    with _server(settings) as port, _here(settings, port) as connected:
        yield connected


def _there(seeds: Path) -> Bus:
    config, seed = Config(), seeds / f"{ADMIN}.nk"
    authority = config.nats_authority_file
    return _opened(Bus(config.nats_url, name=ADMIN, seed_file=seed, authority_file=authority))


def _here(settings: Settings, port: int) -> Bus:
    seed = seed_file(settings.data_dir, ADMIN)
    return _opened(Bus(f"nats://127.0.0.1:{port}", name=ADMIN, seed_file=seed))


def _opened(bus: Bus) -> Bus:
    bus.open(CONNECT_WITHIN_S)
    return bus


@contextmanager
def _server(settings: Settings) -> Iterator[int]:
    """The port of this machine's nats-server: that of the running region, or one that is started for us."""
    if is_running(settings):
        book = AddressBook.read(settings.data_dir)
        assert book  # noqa: S101  # it is running
        yield book.nats
        return
    region, supervisor = Region(settings), Supervisor()
    prepare(region.data, region.book)
    supervisor.start(next(each for each in region.engines() if each.name == "nats"))
    try:
        if not wait_for_port(region.book.nats, within_s=ENGINES_WITHIN_S):
            raise NotReady(f"nats-server does not listen; see {region.data / 'logs'}")
        provision_streams(region.data, region.book)
        yield region.book.nats
    finally:
        supervisor.stop()
