"""`interchange migrate`: bring every service's database to the newest schema."""

from __future__ import annotations

import click
from rich.progress import track

from chassis import migrations
from cli.settings import SERVICES, Settings


@click.command()
def migrate() -> None:
    """Bring every service's database to the newest schema. Safe to run again."""
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    for service in track(SERVICES, description="Migrating"):
        applied = migrations.upgrade(service, settings.database_url(service))
        click.echo(f"{service}: {', '.join(applied) or 'up to date'}")
