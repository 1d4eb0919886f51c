"""`interchange doctor`: what is not well in a region, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.table import Column, Table

from chassis.config import Config
from cli.channels import address_book, is_told
from cli.doctor.bus import bus
from cli.doctor.certificates import certificates
from cli.doctor.clocks import clocks
from cli.doctor.databases import databases
from cli.doctor.federation import federation
from cli.doctor.finding import Finding
from cli.doctor.machine import machine
from cli.doctor.places import Places
from cli.doctor.programs import programs
from cli.doctor.trust import trust
from cli.settings import Settings

CHECKS = (programs, databases, bus, clocks, certificates, trust, federation, machine)


@click.command()
@click.option(
    "--gateway", envvar="GATEWAY_URL", default="", help="Where the API answers, in a cluster."
)
@click.option("--web", envvar="WEB_URL", default="", help="Where the pages answer, in a cluster.")
@click.option(
    "--seeds",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder with admin.nk and system.nk of a bus elsewhere.",
)
def doctor(gateway: str, web: str, seeds: Path | None) -> None:
    """Look a region over: programs and their releases, databases, bus, clocks, certificates, keys. Changes nothing."""
    places = _places(gateway.rstrip("/"), web.rstrip("/"), seeds)
    found = [finding for check in CHECKS for finding in check(places)]
    Console().print(_table(found))
    ill = [each for each in found if not each.is_well]
    if ill:
        raise click.ClickException(f"{len(ill)} of {len(found)} checks want a hand")
    click.echo(f"all {len(found)} checks are well")


def _places(gateway: str, web: str, seeds: Path | None) -> Places:
    settings = Settings()
    if is_told():
        return Places.of_environment(settings, Config(), gateway, web, seeds)
    return Places.of_machine(settings, address_book(settings))


def _table(found: list[Finding]) -> Table:
    table = Table(Column("", no_wrap=True), "What", "How it is", "What to do", box=None)
    for each in _ill_first(found):
        mark = "[green]ok[/]" if each.is_well else "[red]ILL[/]"
        table.add_row(mark, each.about, each.said, each.remedy)
    return table


def _ill_first(found: list[Finding]) -> Iterator[Finding]:
    yield from (each for each in found if not each.is_well)
    yield from (each for each in found if each.is_well)
