"""Encoders that several tests share."""

from __future__ import annotations

import pytest

from services.matching.text.artefacts import FOLDER
from services.matching.text.encoder import StaticVectors


@pytest.fixture(scope="session")
def static() -> StaticVectors:
    return StaticVectors(FOLDER)
