"""Brings a service's database to its newest schema with Alembic: numbered files in the service's `migrations` folder."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import sqlalchemy as sa

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
            return connection.scalar(sa.text(f"SELECT version_num FROM {TABLE}")) or ""
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


def _run(program: str, url: str) -> None:
    # Imported when wanted: a program that is at head starts faster without.
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(folder(program)), version_locations=[str(folder(program))])
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            options = {
                "fn": lambda revision, _: scripts._upgrade_revs("head", revision),
                "transaction_per_migration": True,
            }
            context = MigrationContext.configure(connection, opts=options)
            with Operations.context(context):
                context.run_migrations()
            connection.commit()
    finally:
        engine.dispose()
