"""Calls to a running region's programs, signed with the operator's command's own key."""

from __future__ import annotations

from pathlib import Path

import click
import grpc

from chassis.auth import ServiceToken, read_key
from chassis.client import channel
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
    """A channel to one service of the running region, speaking as the operator's command."""
    book = address_book(settings)
    token = ServiceToken(read_key(key_file(settings.data_dir, PROGRAM)), PROGRAM)
    return channel(book.address(service), token=token)
