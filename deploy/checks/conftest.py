"""Tools of the checks, or a clear word why there are none."""

from __future__ import annotations

import pytest

from deploy.checks import tools


@pytest.fixture(scope="session")
def tools_or_skip() -> None:
    try:
        tools.fetch()
    except Exception as problem:
        pytest.skip(f"no helm is to be had: {problem}")
