"""Calls to a running region's programs, signed with the operator's command's own key."""

from __future__ import annotations

from pathlib import Path

import click
import grpc

from chassis.auth import ServiceToken, read_key
from chassis.client import channel
from chassis.config import Config
from chassis.tls import Tls
from cli.address_book import AddressBook
from cli.settings import Settings

PROGRAM = "cli"


def address_book(settings: Settings) -> AddressBook:
    """The running region's addresses, or a clear word that none is running."""
    book = AddressBook.read(settings.data_dir)
    if book is None:
        raise click.ClickException(
            f"no region is running on {settings.data_dir}; start one with `interchange up`"
        )
    return book


def key_file(data_dir: Path, program: str) -> Path:
    """Where a program's private key lies."""
    return data_dir / "keys" / f"{program}.json"


def service_channel(settings: Settings, service: str) -> grpc.Channel:
    """A channel to one service of the region, speaking as the operator's command.

    Where the environment says which key to use, it says where the programs are, too: in a cluster.
    Else it is the region that runs on the data folder.
    """
    address = service_address(settings, service)
    token = ServiceToken(read_key(_own_key(settings)), PROGRAM)
    return channel(address, token=token, tls=service_tls())


def service_address(settings: Settings, service: str) -> str:
    """Where a service of the region answers, as gRPC has it."""
    if is_told():
        address: str = getattr(Config(), f"{service}_address")
        return address
    return address_book(settings).address(service)


def service_tls() -> Tls | None:
    """What to show to the region's services; on one machine they talk in the clear."""
    return Config().tls if is_told() else None


def is_told() -> bool:
    """Whether the environment says where the region is, as in a cluster."""
    return "service_key_file" in Config().model_fields_set


def _own_key(settings: Settings) -> Path:
    return Config().service_key_file if is_told() else key_file(settings.data_dir, PROGRAM)
