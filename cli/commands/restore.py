"""`interchange restore`: a region out of one file, before its programs start."""

from __future__ import annotations

from pathlib import Path

import click

from cli.backup import place, restoring
from cli.backup.archive import Reading
from cli.settings import Settings


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--seeds",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder with admin.nk and system.nk of a bus elsewhere, at INTERCHANGE_NATS_URL.",
)
def restore(file: Path, seeds: Path | None) -> None:
    """Put FILE, which `interchange backup` wrote, into an empty region whose programs do not run.

    A bus elsewhere must have its streams already, by `interchange provision`. Databases may be others
    than they were: SQLite's rows go into PostgreSQL, and back.
    """
    settings, archive = Settings(), Reading(file)
    if place.is_running(settings):
        raise click.ClickException(f"a region is running on {settings.data_dir}: stop it first")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with place.databases(settings) as databases:
        restoring.require_fitting(archive, settings, databases)
        if not seeds:
            restoring.restore_keys(archive, settings.data_dir)
        with place.bus(settings, seeds) as bus:
            restoring.restore(archive, settings, databases, bus, click.echo)
    click.echo(f"restored as of {archive.manifest.moment}; start the programs")
