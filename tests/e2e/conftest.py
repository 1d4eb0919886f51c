"""A whole region as an operator starts it, on free ports, with its mails, logs, events and traces to look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.region import RunningRegion


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegion]:
    with RunningRegion.started(tmp_path_factory.mktemp("region")) as running:
        yield running


@pytest.fixture
def region_dir(region: RunningRegion) -> Path:
    return region.data
