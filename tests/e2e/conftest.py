"""A whole region as an operator starts it, on free ports, with its mails, logs, events and traces to look at.

It stops when no more tests of this folder follow, and so does the network: idle as they are, they take others' time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium

from tests.conftest import new_database
from tests.support import chromium as chromiums
from tests.support import screen
from tests.support.network import SCOTLAND, RunningNetwork
from tests.support.region import RunningRegion


@pytest.fixture(scope="package")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegion]:
    with RunningRegion.started(tmp_path_factory.mktemp("region")) as running:
        yield running


@pytest.fixture
def region_dir(region: RunningRegion) -> Path:
    return region.data


@pytest.fixture(scope="package")
def network(
    tmp_path_factory: pytest.TempPathFactory, postgresql_url: str
) -> Iterator[RunningNetwork]:
    """Three partner regions. Scotland's federation is on PostgreSQL, whose connections can be cut."""
    own = {SCOTLAND: {"FEDERATION_DATABASE_URL": new_database(postgresql_url, "federation")}}
    with RunningNetwork.started(tmp_path_factory.mktemp("network"), own) as running:
        yield running


@pytest.fixture(scope="package")
def web(region: RunningRegion) -> str:
    """The address of the region's pages."""
    return f"http://127.0.0.1:{region.book.web}"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """One real browser. Where there is none, the build fails and people are told how to get one."""
    if chromiums.find() is None:
        assert os.environ.get("CI") != "true", chromiums.HOW_TO
        pytest.skip(chromiums.HOW_TO)
    with screen.running() as program:
        yield program


@pytest.fixture(scope="session")
def pictures() -> screen.Gallery:
    """The pictures of all pages that the browser saw."""
    return screen.Gallery(Path("build/screenshots"))


@pytest.fixture
def gallery(pictures: screen.Gallery) -> Iterator[screen.Gallery]:
    """The same; nothing may be wrong on any page that the test saw."""
    pictures.faults.clear()
    yield pictures
    assert not pictures.faults, "\n".join(pictures.faults)
