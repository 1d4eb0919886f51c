"""`interchange migrate`: bring every service's database to the newest schema."""

from __future__ import annotations

import click
from rich.progress import track

from chassis import migrations
from cli.settings import SERVICES, Settings


@click.command()
@click.option(
    "--sql",
    metavar="PROGRAM",
    type=click.Choice(SERVICES),
    help="Print what this program's PostgreSQL would be told; change nothing.",
)
def migrate(sql: str | None) -> None:
    """Bring every service's database to the newest schema. Safe to run again."""
    if sql:
        click.echo(migrations.sql(sql))
        return
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    for service in track(SERVICES, description="Migrating"):
        applied = migrations.upgrade(service, settings.database_url(service))
        click.echo(f"{service}: {', '.join(applied) or 'up to date'}")
