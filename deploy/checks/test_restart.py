"""Programs are replaced one by one while people work: nothing fails, nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.settings import SERVICES
from deploy.checks.rolling import at_work
from tests.support.authority import Authority
from tests.support.fleet import Fleet, today


def test_a_rolling_restart_fails_nobody_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On one disk, as a pilot is; with certificates between all, and at the doors, as a large region has them."""
    databases = {each: f"sqlite:///{tmp_path / each}.db" for each in SERVICES}
    now = today()
    authority = Authority(tmp_path / "authority")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))
    with Fleet.assembled(tmp_path, databases, authority) as fleet:
        fleet.start(now)

        with at_work(fleet) as go_on:
            for program in now.programs:
                fleet.replace(program, now)
                go_on()
