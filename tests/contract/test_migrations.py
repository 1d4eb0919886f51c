"""Migrations make exactly the tables that the code expects, on both databases."""

from __future__ import annotations

import importlib

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData

from chassis import migrations
from cli.settings import SERVICES
from tests.conftest import Databases


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
