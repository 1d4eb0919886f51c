"""A region with the bus's duplicate window shut: what is handled once is so by our own inbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.region import RunningRegion


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegion]:
    folder = tmp_path_factory.mktemp("chaos")
    with RunningRegion.started(folder, DUPLICATE_WINDOW_S="0.1") as running:
        yield running
