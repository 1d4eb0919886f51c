"""The migrations make exactly the tables that the entities expect."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import services.identity.__main__  # noqa: F401  # imports every entity
from chassis.bus import tables as bus
from services.identity.columns import Base
from tests.conftest import Databases


def test_the_newest_schema_is_that_of_the_entities(databases: Databases) -> None:
    database = databases("identity")
    theirs = set(bus.metadata.tables) | {"alembic_version"}

    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: kind != "table" or name not in theirs},
        )
        differences = compare_metadata(context, Base.metadata)

    assert differences == []
