"""Calls to a running region's programs, signed with the operator's command's own key."""

from __future__ import annotations

from pathlib import Path

import click
import grpc

from chassis.auth import ServiceToken, read_key
from chassis.client import channel
from chassis.config import Config
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
    config = Config()
    if "service_key_file" in config.model_fields_set:
        token = ServiceToken(read_key(config.service_key_file), PROGRAM)
        return channel(getattr(config, f"{service}_address"), token=token, tls=config.tls)
    book = address_book(settings)
    token = ServiceToken(read_key(key_file(settings.data_dir, PROGRAM)), PROGRAM)
    return channel(book.address(service), token=token)
