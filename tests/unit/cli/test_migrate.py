"""A program that a release adds may have no database yet when the others are brought to the newest schema."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from chassis import migrations
from cli.__main__ import main
from tests.conftest import new_database


def test_a_database_that_is_not_there_yet_is_left_out(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = new_database(postgresql_url, "identity")
    absent = sa.make_url(there).set(database="comes_later").render_as_string(hide_password=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("IDENTITY_DATABASE_URL", there)
    monkeypatch.setenv("FEDERATION_DATABASE_URL", absent)

    done = CliRunner().invoke(main, ["migrate", "--skip-absent", "identity", "federation"])

    assert done.exit_code == 0, done.output
    assert "federation: has no database yet" in done.output
    assert migrations.is_ready("identity", there)


def test_a_server_that_is_away_is_no_database_that_is_absent(tmp_path: Path) -> None:
    away = f"postgresql+psycopg://somebody@/identity?host={tmp_path}"

    assert not migrations.is_absent(away)
