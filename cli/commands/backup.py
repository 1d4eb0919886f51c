"""`interchange backup`: a region in one file, taken while it runs."""

from __future__ import annotations

from pathlib import Path

import click

from chassis.clock import now
from cli.backup import place
from cli.backup.moment import NeverAtRest
from cli.backup.taking import take
from cli.settings import Settings

SUFFIX = ".backup"
MOMENT = "[0-9]" * 8 + "T" + "[0-9]" * 6 + "Z"


@click.command()
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    help="FILE is a folder: give the file a name there, and keep so many of this region's.",
)
@click.option(
    "--seeds",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder with admin.nk and system.nk of a bus elsewhere, at INTERCHANGE_NATS_URL.",
)
def backup(target: Path, keep: int | None, seeds: Path | None) -> None:
    """Write every database and stream of one moment, and this machine's keys, into FILE.

    The region may run. FILE holds personal data and keys: only its owner can read it.
    """
    settings = Settings()
    file = _named(target, settings.region) if keep else target
    if file.exists():
        raise click.ClickException(f"{file} is there already")
    with place.databases(settings) as databases, place.bus(settings, seeds) as bus:
        try:
            take(settings, databases, bus, file, click.echo)
        except NeverAtRest as problem:
            raise click.ClickException(str(problem)) from problem
    click.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB")
    if keep:
        _forget(target, settings.region, keep)


def _named(folder: Path, region: str) -> Path:
    return folder / f"{region}-{now():%Y%m%dT%H%M%SZ}{SUFFIX}"


def _forget(folder: Path, region: str, keep: int) -> None:
    """All but the newest, by their names. Another region's may lie beside."""
    for old in sorted(folder.glob(f"{region}-{MOMENT}{SUFFIX}"))[:-keep]:
        old.unlink()
        click.echo(f"{old} deleted")
