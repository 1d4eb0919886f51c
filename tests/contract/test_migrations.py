"""Migrations make exactly the tables that the code expects, on both databases."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData

from chassis import migrations
from cli.settings import SERVICES
from tests.conftest import Databases
from tests.support.released import unpack


def expected(program: str) -> MetaData:
    """The tables that the program's entities name."""
    columns = importlib.import_module(f"services.{program}.columns")
    importlib.import_module(f"services.{program}.__main__")  # brings every entity in
    found: MetaData = columns.Base.metadata
    return found


@pytest.mark.parametrize("program", SERVICES)
def test_migrations_and_entities_agree(program: str, databases: Databases) -> None:
    database = databases(program)
    tables = expected(program)

    def ours(_: object, name: str | None, kind: str, ___: object, ____: object) -> bool:
        return kind != "table" or name in tables.tables

    with database.engine.connect() as connection:
        options = {"include_object": ours, "compare_type": False}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), tables)

    assert not differences


@pytest.mark.parametrize("program", SERVICES)
def test_migrating_again_changes_nothing(program: str, databases: Databases) -> None:
    database = databases(program)
    url = database.engine.url.render_as_string(hide_password=False)

    assert migrations.upgrade(program, url) == []
    assert migrations.current(url) == migrations.head(program)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of the last release."""
    return unpack(tmp_path_factory.mktemp("released")) / "services"


def released_migrations(program: str, released: Path) -> list[Path]:
    return sorted((released / program / "migrations").glob("[0-9]*.py"))


@pytest.mark.parametrize("program", SERVICES)
def test_what_was_released_is_never_edited(program: str, released: Path) -> None:
    for migration in released_migrations(program, released):
        today = migrations.folder(program) / migration.name
        assert today.read_text() == migration.read_text(), migration.name


@pytest.mark.parametrize("program", SERVICES)
def test_the_last_release_writes_and_reads_the_newest_schema(
    program: str, released: Path, tmp_path: Path
) -> None:
    files = released_migrations(program, released)
    if not files:
        pytest.skip("it is newer than the last release")
    url = f"sqlite:///{tmp_path / 'upgraded.db'}"
    migrations.upgrade(program, url, files[-1].name.partition("_")[0])
    before = columns_of(url)

    migrations.upgrade(program, url)

    after = columns_of(url)
    for table, columns in before.items():
        assert columns.keys() <= after[table].keys(), f"{table} lost a column"
        for name in after[table].keys() - columns.keys():
            column = after[table][name]
            may_be_left_out = column["nullable"] or column["default"] is not None
            assert may_be_left_out, f"{table}.{name}: the last release does not know to write it"


def columns_of(url: str) -> dict[str, dict[str, Any]]:
    """Of each table, by name."""
    engine = sa.create_engine(url)
    try:
        inspector = sa.inspect(engine)
        return {
            table: {each["name"]: each for each in inspector.get_columns(table)}
            for table in inspector.get_table_names()
        }
    finally:
        engine.dispose()
