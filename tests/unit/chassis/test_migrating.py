"""Migrations beside programs that go on: who holds a table is waited for, and nobody waits for us."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from chassis import migrations
from tests.conftest import new_database
from tests.support.waiting import eventually

START = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0001", None
def upgrade() -> None:
    op.create_table("things", sa.Column("id", sa.Integer(), primary_key=True))
"""
MORE = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade() -> None:
    op.add_column("things", sa.Column("name", sa.String(10)))
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'things'::regclass"


@pytest.fixture
def url(postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database at revision 0001 of two."""
    monkeypatch.setattr(migrations, "folder", lambda _: tmp_path)
    url = new_database(postgresql_url, "migrating")
    (tmp_path / "0001_start.py").write_text(START)
    migrations.upgrade("anything", url)
    (tmp_path / "0002_more.py").write_text(MORE)
    return url


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(url)
    yield engine
    engine.dispose()


def test_a_reader_is_waited_for_and_others_read_meanwhile(url: str, engine: sa.Engine) -> None:
    with ThreadPoolExecutor(1) as pool, engine.connect() as watcher:
        with engine.begin() as reader:
            reader.execute(sa.text("SELECT * FROM things"))
            migrating = pool.submit(migrations.upgrade, "anything", url)

            eventually(lambda: _assert(watcher.scalar(sa.text(WAITING)) == 1))
            # Behind one that waits for ever, a second reader would wait as long.
            with engine.connect() as another:
                another.execute(sa.text("SET statement_timeout = 5000"))
                another.execute(sa.text("SELECT * FROM things"))
            assert not migrating.done()

        assert migrating.result(60) == ["0002"]


def _assert(claim: bool) -> None:
    assert claim
