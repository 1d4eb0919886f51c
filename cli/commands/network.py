"""`interchange network`: run three partner regions on this machine until told to stop."""

from __future__ import annotations

import time
from threading import Event

import click

from chassis.signals import told_to_end
from cli.demonstration import Told, sign_ins
from cli.network import Network, discard_half_begun, require_free_ports
from cli.nursery import Nursery
from cli.region import NotReady, Region
from cli.settings import Settings

TEND_EVERY_S = 0.2


@click.command()
def network() -> None:
    """Run three regions with demonstrations, partners of each other, until Ctrl-C."""
    settings = Settings()
    told = told_to_end()
    require_free_ports(settings)
    if discard_half_begun(settings):
        click.echo("the demonstrations were broken off last time; beginning again")
    with Nursery.opened() as nursery:
        _run(Network(settings, nursery), told)


def _run(running: Network, told: Event) -> None:
    started = time.monotonic()
    try:
        running.start(click.echo)
        running.befriend()
        running.seed(told.is_set)
        if not told.is_set():
            _announce(running, time.monotonic() - started)
        while not told.wait(TEND_EVERY_S):
            running.tend(click.echo)
        click.echo("stopping")
    except Told:
        click.echo("stopping; the demonstration is begun again next time")
    except NotReady as problem:
        raise click.ClickException(str(problem)) from problem
    finally:
        running.stop()


def _announce(running: Network, seconds: float) -> None:
    for region in running.regions:
        click.echo(_shown(region))
    click.echo(
        "Each is a partner of the others. See how they stand with\n"
        f"`DATA_DIR={running.regions[0].settings.data_dir} interchange federation status`."
    )
    click.echo(f"\nready in {seconds:.1f} s; Ctrl-C stops everything")


def _shown(region: Region) -> str:
    settings = region.settings
    return (
        f"\n{settings.region_display_name}\n\n  Pages    {region.web_url}\n"
        f"  API      {region.url}/v1/notices\n"
        f"  Docs     {region.url}/docs\n"
        f"  Traces   {region.traces_url or settings.otlp_endpoint}\n"
        f"  Data     {region.data}\n\n{sign_ins(settings.region)}\n"
    )
