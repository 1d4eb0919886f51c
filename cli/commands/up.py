"""`interchange up`: run a whole region on this machine until told to stop."""

from __future__ import annotations

import time
from threading import Event

import click

from chassis.signals import told_to_end
from cli.address_book import AddressBook
from cli.demonstration import Told, discard_half_seeded, is_seeded, sign_ins
from cli.nursery import Nursery
from cli.ports import is_listening
from cli.region import NotReady, Region, require_free
from cli.settings import Settings

TEND_EVERY_S = 0.2


@click.command()
@click.option("--demo", is_flag=True, help="Fill an empty region with the demonstration first.")
def up(demo: bool) -> None:
    """Run a whole region on this machine until Ctrl-C."""
    settings = Settings().model_copy(update={"traces": True} if demo else {})
    told = told_to_end()
    _refuse_second(settings)
    if demo and discard_half_seeded(settings):
        click.echo("the demonstration was broken off last time; beginning again")
    with Nursery.opened() as nursery:
        _run(Region(settings, nursery), demo, told)


def _run(region: Region, demo: bool, told: Event) -> None:
    settings, started = region.settings, time.monotonic()
    try:
        region.start(click.echo)
        if demo and not is_seeded(settings.data_dir):
            _fill(region, told)
        if not told.is_set():
            _announce(region, time.monotonic() - started)
        while not told.wait(TEND_EVERY_S):
            region.tend(click.echo)
        click.echo("stopping")
    except Told:
        click.echo("stopping; the demonstration is begun again next time")
    except NotReady as problem:
        raise click.ClickException(str(problem)) from problem
    finally:
        region.stop()


def _fill(region: Region, told: Event) -> None:
    """An identity among other regions, then the demonstration: so its notices go out from the first."""
    from cli.federation.beginning import begin_unless_begun  # once in a region's life
    from cli.seeding import seed

    begin_unless_begun(region.settings, region.federation_url)
    seed(region.settings, told.is_set)


def _refuse_second(settings: Settings) -> None:
    """Two regions on one data folder would ruin it; two programs on one port can't be."""
    book = AddressBook.read(settings.data_dir)
    if book is not None and is_listening(book.gateway):
        raise click.ClickException(f"a region is running on {settings.data_dir} already")
    require_free(settings)


def _announce(region: Region, seconds: float) -> None:
    settings = region.settings
    click.echo(f"\n{settings.region_display_name}\n")
    click.echo(f"  Pages    {region.web_url}")
    click.echo(f"  API      {region.url}/v1/notices\n  Docs     {region.url}/docs")
    click.echo(f"  Health   {region.url}/readyz\n  Logs     {region.data / 'logs'}")
    if not settings.mail_url:
        click.echo(f"  Mail     {region.data / 'mail'} (nothing leaves this machine)")
    if region.traces_url:
        click.echo(f"  Traces   {region.traces_url}")
    if is_seeded(settings.data_dir):
        click.echo(
            f"\nSign in at {region.web_url}/sign-in as one of\n\n{sign_ins(settings.region)}"
        )
    click.echo(f"\nready in {seconds:.1f} s; Ctrl-C stops everything")
