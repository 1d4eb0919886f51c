"""Brings a service's database to its newest schema: numbered Alembic files in its `migrations`."""

from __future__ import annotations

from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.migration import MigrationContext

TABLE = "alembic_version"


def folder(program: str) -> Path:
    """Where the service keeps its migrations."""
    return Path(str(files(f"services.{program}"))) / "migrations"


def head(program: str) -> str:
    """The newest revision: files are named `<revision>_<what>.py`, and revisions are numbers in order."""
    return max(path.name.partition("_")[0] for path in folder(program).glob("[0-9]*_*.py"))


def current(url: str) -> str:
    """The revision that the database is at; empty when it was never migrated."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table(TABLE):
                return ""
            version = sa.table(TABLE, sa.column("version_num"))
            return connection.scalar(sa.select(version)) or ""
    finally:
        engine.dispose()


def upgrade(program: str, url: str) -> list[str]:
    """Apply what is missing, in order, each file in a transaction; answers the revisions that were applied."""
    before = current(url)
    if before == head(program):
        return []
    _run(program, url)
    return [revision for revision in _revisions(program) if revision > before]


def _revisions(program: str) -> list[str]:
    return sorted(path.name.partition("_")[0] for path in folder(program).glob("[0-9]*_*.py"))


def sql(program: str) -> str:
    """What all migrations say to PostgreSQL, in order: to read before running them, and to lint."""
    from alembic.migration import MigrationContext

    written = StringIO()
    options = {**_options(program), "as_sql": True, "output_buffer": written}
    _apply(MigrationContext.configure(dialect_name="postgresql", opts=options))
    return written.getvalue()


def _run(program: str, url: str) -> None:
    # Imported when wanted: a program that is at head starts faster without.
    from alembic.migration import MigrationContext

    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            _apply(MigrationContext.configure(connection, opts=_options(program)))
            connection.commit()
    finally:
        engine.dispose()


def _options(program: str) -> dict[str, Any]:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(folder(program)), version_locations=[str(folder(program))])
    return {
        "fn": lambda revision, _: scripts._upgrade_revs("head", revision),
        "transaction_per_migration": True,
    }


def _apply(context: MigrationContext) -> None:
    from alembic.operations import Operations

    with Operations.context(context):
        context.run_migrations()
