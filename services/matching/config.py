"""What the matching service is told from outside."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import chassis.config
from services.matching.text.artefacts import FOLDER


class Config(chassis.config.Config):
    """The chassis's settings, how often the index looks for what another process wrote, and its files."""

    program: str = "matching"
    database_url: str = "sqlite:///data/matching.db"
    grpc_address: str = "127.0.0.1:7103"
    follow_every_s: float = 0.25
    index_dir: Path = Path("data/matching-index")  # disposable: it is built from the database

    # Alerts of saved searches are told between these hours; daily and weekly ones at the first, on Mondays.
    alerts_from: time = time(7)
    alerts_until: time = time(20)
    alerts_zone: str = "Europe/London"

    model_dir: Path = FOLDER  # what `interchange model build` made
