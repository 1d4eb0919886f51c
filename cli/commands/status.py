"""`interchange status`: which programs of the running region are ready."""

from __future__ import annotations

import click

from cli.channels import address_book
from cli.settings import Settings


@click.command()
def status() -> None:
    """Say which programs of the running region are ready."""
    import requests  # a tenth of a second that the other commands need not wait

    book = address_book(Settings())
    try:
        answer = requests.get(f"http://127.0.0.1:{book.gateway}/readyz", timeout=5)
    except requests.RequestException as problem:
        raise click.ClickException("the gateway does not answer") from problem
    click.echo(answer.text)
    if not answer.ok:
        raise SystemExit(1)
