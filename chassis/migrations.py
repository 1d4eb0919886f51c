"""Brings a service's database to its newest schema: numbered Alembic files in its `migrations`."""

from __future__ import annotations

import re
from importlib.resources import files
from io import StringIO
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.migration import MigrationContext

TABLE = "alembic_version"
# Programs of before go on meanwhile. Who waits for a lock holds others up, and two who wait for each other are parted
# by PostgreSQL after a second, perhaps at a caller's cost: before that we let go, and begin the file again.
LOCK_TIMEOUT_MS = 400
AGAIN_AFTER_S = (0.1, 0.3, 1.0, 2.0)
TRIES = 60  # some two minutes: then a long transaction of somebody's stands in the way
# PostgreSQL's word before there is a session, which comes without a code.
NO_SUCH_DATABASE = re.compile(r'database "[^"]*" does not exist')
LOCKED = ("55P03", "40P01")  # no lock in time, deadlock


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
            return of(connection)
    finally:
        engine.dispose()


def of(connection: sa.Connection) -> str:
    """The same, of a database that somebody is connected to."""
    if not sa.inspect(connection).has_table(TABLE):
        return ""
    version = sa.table(TABLE, sa.column("version_num"))
    return connection.scalar(sa.select(version)) or ""


def upgrade(program: str, url: str, to: str = "") -> list[str]:
    """Apply what is missing, in order, each file in a transaction; answers the revisions that were applied.

    All of them, or those up to a revision.
    """
    before, to = current(url), to or head(program)
    if before == to:
        return []
    _patiently(program, url, to)
    return [revision for revision in _revisions(program) if before < revision <= to]


def is_ready(program: str, url: str) -> bool:
    """Whether the database answers and is at our newest schema, or at a later program's."""
    try:
        return current(url) >= head(program)
    except sa.exc.OperationalError:
        return False


def is_absent(url: str) -> bool:
    """Whether the server answers that it has no such database."""
    try:
        current(url)
    except sa.exc.OperationalError as problem:
        return NO_SUCH_DATABASE.search(str(problem.orig)) is not None
    return False


def _revisions(program: str) -> list[str]:
    return sorted(path.name.partition("_")[0] for path in folder(program).glob("[0-9]*_*.py"))


def sql(program: str) -> str:
    """What all migrations say to PostgreSQL, in order: to read before running them, and to lint."""
    from alembic.migration import MigrationContext

    written = StringIO()
    options = {**_options(program, head(program)), "as_sql": True, "output_buffer": written}
    _apply(MigrationContext.configure(dialect_name="postgresql", opts=options))
    return written.getvalue()


def _patiently(program: str, url: str, to: str) -> None:
    """Apply what is missing; what others held up is begun again, behind what was applied already."""
    for number in range(TRIES):
        try:
            return _run(program, url, to)
        except sa.exc.DBAPIError as problem:
            if number == TRIES - 1 or not _is_locked(problem):
                raise
            sleep(AGAIN_AFTER_S[min(number, len(AGAIN_AFTER_S) - 1)])


def _run(program: str, url: str, to: str) -> None:
    # Imported when wanted: a program that is at head starts faster without.
    from alembic.migration import MigrationContext

    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
                connection.commit()
            _apply(MigrationContext.configure(connection, opts=_options(program, to)))
            connection.commit()
    finally:
        engine.dispose()


def _is_locked(problem: sa.exc.DBAPIError) -> bool:
    return getattr(problem.orig, "sqlstate", None) in LOCKED


def _options(program: str, to: str) -> dict[str, Any]:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(folder(program)), version_locations=[str(folder(program))])
    return {
        "fn": lambda revision, _: scripts._upgrade_revs(to, revision),
        "transaction_per_migration": True,
    }


def _apply(context: MigrationContext) -> None:
    from alembic.operations import Operations

    with Operations.context(context):
        context.run_migrations()
