"""`interchange demo`: fill a running, empty region with the demonstration."""

from __future__ import annotations

import click

from cli.channels import address_book
from cli.demonstration import is_seeded
from cli.seeding import seed
from cli.settings import Settings


@click.command()
def demo() -> None:
    """Fill the running region with the demonstration; it must be empty."""
    settings = Settings()
    address_book(settings)
    if is_seeded(settings.data_dir):
        raise click.ClickException("this region holds the demonstration already")
    seed(settings)
