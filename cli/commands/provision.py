"""`interchange provision`: the streams and consumers of a bus that is not on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from chassis.bus import BusError
from chassis.bus.streams import NotDurable
from chassis.config import Config
from cli.provision import provision_bus


@click.command()
@click.option(
    "--seeds",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="The folder with admin.nk and system.nk.",
)
@click.option("--replicas", type=click.IntRange(1, 5), default=1, show_default=True)
@click.option("--duplicate-window-s", default=600.0, hidden=True)  # tests shut it
def provision(seeds: Path, replicas: int, duplicate_window_s: float) -> None:
    """Make or update streams and consumers of the bus at INTERCHANGE_NATS_URL. Safe to run again."""
    config = Config()
    try:
        provision_bus(
            config.nats_url,
            seeds,
            replicas=replicas,
            duplicate_window_s=duplicate_window_s,
            authority=config.nats_authority_file,
        )
    except (BusError, NotDurable) as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"streams and consumers are as they should be, {replicas} replica(s)")
