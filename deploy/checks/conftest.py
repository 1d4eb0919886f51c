"""Tools of the checks, or a clear word why there are none; and in which order they are made."""

from __future__ import annotations

import pytest

from deploy.checks import tools

# A minute and more each.
LONG = ("test_restart.py", "test_upgrade.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two workers get a half each to begin with: a long one at the head of each, and what is short is shared out."""
    long = [each for each in items if each.path.name in LONG]
    short = [each for each in items if each not in long]
    half = len(items) // 2
    items[:] = [*long[:1], *short[: half - 1], *long[1:], *short[half - 1 :]]


@pytest.fixture(scope="session")
def tools_or_skip() -> None:
    try:
        tools.fetch()
    except Exception as problem:
        pytest.skip(f"no helm is to be had: {problem}")
