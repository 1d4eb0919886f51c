"""Taking a backup of a region while it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import sqlalchemy as sa

from chassis import migrations
from chassis.bus import Bus
from chassis.bus.streams import STREAMS
from chassis.clock import now
from chassis.database import Database
from cli.backup import messages, rows
from cli.backup.archive import Manifest, Writing
from cli.backup.moment import frozen
from cli.demonstration import is_seeded
from cli.region import Say
from cli.settings import Settings

NAMES = [str(stream["name"]) for stream in STREAMS]


def take(
    settings: Settings, databases: Mapping[str, Database], bus: Bus, target: Path, say: Say
) -> None:
    """Write everything of one moment into a new file."""
    _require_there(databases)
    until: dict[str, int] = {}
    with (
        frozen(databases, lambda: until.update({each: messages.last(bus, each) for each in NAMES})) as seen,
        Writing(target) as archive,
    ):  # fmt: skip
        moment = now().isoformat()
        for service, connection in seen.items():
            say(f"{service}: {_add_database(archive, service, connection)} rows")
        for stream, last in until.items():
            number = archive.add(f"streams/{stream}.jsonl", messages.lines(bus, stream, last))
            say(f"{stream}: {number} messages")
        _add_keys(archive, settings.data_dir / "keys")
        archive.finish(
            Manifest(
                region=settings.region,
                moment=moment,
                revisions={name: migrations.of(connection) for name, connection in seen.items()},
                is_demonstration=is_seeded(settings.data_dir),
            )
        )


def _require_there(databases: Mapping[str, Database]) -> None:
    for service, database in databases.items():
        try:
            with database.engine.connect() as connection:
                revision = migrations.of(connection)
        except sa.exc.OperationalError as problem:
            raise click.ClickException(f"the database of {service} does not answer") from problem
        if not revision:
            raise click.ClickException(
                f"the database of {service} was never used: is it the right one?"
            )


def _add_database(archive: Writing, service: str, connection: sa.Connection) -> int:
    return sum(
        archive.add(f"databases/{service}/{table.name}.jsonl", rows.lines(connection, table))
        for table in rows.tables(connection)
    )


def _add_keys(archive: Writing, folder: Path) -> None:
    """Of a region whose keys are Secrets there is no such folder: those are kept where Secrets are."""
    for path in sorted(folder.glob("*")) if folder.exists() else ():
        archive.add(f"keys/{path.name}", _content(path))


def _content(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
