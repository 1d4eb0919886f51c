"""What a region needs before its programs start: folders, keys, the bus's configuration, streams and consumers."""

from __future__ import annotations

from pathlib import Path

from chassis.bus import Bus
from chassis.bus.permissions import ADMIN, SYSTEM, server_config
from chassis.bus.streams import provision, require_sync_always
from cli import keys
from cli.address_book import AddressBook
from cli.hearing import HEARING

CONNECT_WITHIN_S = 20.0
FOLDERS = ("logs", "nats", "valkey", "mail")


def prepare(data: Path, book: AddressBook) -> None:
    """Make what is missing of the data folder: keys once, the bus's configuration each time."""
    for folder in FOLDERS:
        (data / folder).mkdir(parents=True, exist_ok=True)
    keys.create(data)
    nats_conf(data).write_text(_server_config(data, book))


def nats_conf(data: Path) -> Path:
    """Where the bus's configuration lies."""
    return data / "nats" / "nats.conf"


def provision_streams(data: Path, book: AddressBook) -> None:
    """Make or update streams and consumers of the region on this machine."""
    provision_bus(
        f"nats://127.0.0.1:{book.nats}",
        data / "keys",
        duplicate_window_s=book.duplicate_window_s,
    )


def provision_bus(
    url: str,
    seeds: Path,
    *,
    replicas: int = 1,
    duplicate_window_s: float = 600,
    authority: Path | None = None,
) -> None:
    """Make or update streams and consumers, having checked that the server syncs before it answers.

    `seeds` is the folder with admin.nk and system.nk.
    """
    with _connect(url, seeds, SYSTEM, authority) as system:
        require_sync_always(system)
    with _connect(url, seeds, ADMIN, authority) as admin:
        provision(admin, HEARING, replicas=replicas, duplicate_window_s=duplicate_window_s)


def _connect(url: str, seeds: Path, user: str, authority: Path | None) -> Bus:
    bus = Bus(url, name=user, seed_file=seeds / f"{user}.nk", authority_file=authority)
    bus.open(CONNECT_WITHIN_S)
    return bus


def _server_config(data: Path, book: AddressBook) -> str:
    return server_config(
        listen=f"127.0.0.1:{book.nats}",
        store_dir=data / "nats" / "store",
        users=keys.bus_users(data),
        consumers=HEARING,
    )
