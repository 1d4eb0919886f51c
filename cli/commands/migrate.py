"""`interchange migrate`: bring every service's database to the newest schema."""

from __future__ import annotations

import time

import click
from rich.progress import track

from chassis import migrations
from cli.settings import SERVICES, Settings

LOOK_EVERY_S = 1.0


@click.command()
@click.option(
    "--sql",
    metavar="PROGRAM",
    type=click.Choice(SERVICES),
    help="Print what this program's PostgreSQL would be told; change nothing.",
)
@click.option(
    "--wait",
    "awaited",
    metavar="PROGRAM",
    type=click.Choice(SERVICES),
    help="Change nothing: wait until somebody else has brought this program's database so far.",
)
@click.option("--wait-s", default=600, show_default=True, help="Give up waiting after so long.")
@click.option(
    "--skip-absent",
    is_flag=True,
    help="Leave out a database that is not there yet: a program that comes with this release has none.",
)
@click.argument("programs", nargs=-1, type=click.Choice(SERVICES))
def migrate(
    sql: str | None,
    awaited: str | None,
    wait_s: int,
    skip_absent: bool,
    programs: tuple[str, ...],
) -> None:
    """Bring these programs' databases, or all, to the newest schema. Safe to run again."""
    if awaited:
        _wait(awaited, wait_s)
        return
    if sql:
        click.echo(migrations.sql(sql))
        return
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    for service in track(programs or SERVICES, description="Migrating"):
        url = settings.database_url(service)
        if skip_absent and migrations.is_absent(url):
            click.echo(f"{service}: has no database yet")
            continue
        applied = migrations.upgrade(service, url)
        click.echo(f"{service}: {', '.join(applied) or 'up to date'}")


def _wait(program: str, seconds: int) -> None:
    url, deadline = Settings().database_url(program), time.monotonic() + seconds
    while not migrations.is_ready(program, url):
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"the database of {program} did not reach revision {migrations.head(program)} "
                f"within {seconds} s: is the migration job done, and is the database there?"
            )
        time.sleep(LOOK_EVERY_S)
