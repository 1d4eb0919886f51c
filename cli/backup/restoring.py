"""Putting a backup into an empty region whose programs do not run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import click

from chassis import migrations
from chassis.bus import Bus
from chassis.database import Database
from cli.backup import messages, rows
from cli.backup.archive import OWNER_ONLY, Reading
from cli.demonstration import DONE
from cli.region import Say
from cli.settings import Settings


def restore_keys(archive: Reading, data: Path) -> None:
    """The region's own keys; those that are there already must be these."""
    folder = data / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for member in archive.members("keys/"):
        path, content = folder / Path(member).name, b"".join(archive.lines(member))
        if path.exists() and path.read_bytes() != content:
            raise click.ClickException(
                f"{path} is another region's, or was made since: restore into an empty DATA_DIR"
            )
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "wb") as file:  # fmt: skip
            file.write(content)
    if archive.manifest.is_demonstration:
        (data / DONE).touch()


def require_fitting(
    archive: Reading, settings: Settings, databases: Mapping[str, Database]
) -> None:
    """Refuse what would mix two regions, or what these programs are too old for; nothing was changed yet."""
    manifest = archive.manifest
    if manifest.region != settings.region:
        raise click.ClickException(
            f"the backup is of {manifest.region}, and REGION is {settings.region}"
        )
    for service, database in databases.items():
        if manifest.revisions.get(service, "") > migrations.head(service):
            raise click.ClickException(
                f"{service} was at revision {manifest.revisions[service]}, which these programs do not "
                "know: restore with the release that made the backup, or a later one"
            )
        _require_unused(service, database)


def restore(
    archive: Reading, settings: Settings, databases: Mapping[str, Database], bus: Bus, say: Say
) -> None:
    """Databases, brought to today's schema, then streams."""
    _require_silent(archive, bus)
    for service, database in databases.items():
        say(f"{service}: {_restore_database(archive, settings, service, database)} rows")
    for member in archive.members("streams/"):
        say(f"{Path(member).stem}: {messages.load(bus, archive.lines(member))} messages")


def _require_unused(service: str, database: Database) -> None:
    with database.engine.connect() as connection:
        if migrations.of(connection) and not rows.is_unused(connection):
            raise click.ClickException(
                f"the database of {service} is in use: restore into an empty one"
            )


def _require_silent(archive: Reading, bus: Bus) -> None:
    for member in archive.members("streams/"):
        if messages.last(bus, Path(member).stem):
            raise click.ClickException(
                f"stream {Path(member).stem} holds messages: restore into an empty bus"
            )


def _restore_database(
    archive: Reading, settings: Settings, service: str, database: Database
) -> int:
    """The schema as it was, the rows in it, then what has been added to the schema since."""
    url, revision = settings.database_url(service), archive.manifest.revisions.get(service, "")
    if not revision:  # this service came later
        migrations.upgrade(service, url)
        return 0
    migrations.upgrade(service, url, revision)
    with database.engine.begin() as connection:
        rows.clear(connection)
        number = sum(
            rows.load(connection, table, archive.lines(f"databases/{service}/{table.name}.jsonl"))
            for table in rows.tables(connection)
        )
    migrations.upgrade(service, url)
    return number
