"""The demonstration in a region's data folder: whether it is there, whole or broken off."""

from __future__ import annotations

import shutil
from pathlib import Path

from cli.settings import Settings
from demo.sign_ins import PASSWORD, sign_ins_of

BEGUN, DONE = "demonstration.begun", "demonstration.done"


class Told(Exception):
    """Somebody wants us to stop."""


def is_seeded(data_dir: Path) -> bool:
    """Whether the whole demonstration is there."""
    return (data_dir / DONE).exists()


def is_half_seeded(data_dir: Path) -> bool:
    """Whether seeding was broken off."""
    return (data_dir / BEGUN).exists() and not is_seeded(data_dir)


def discard_half_seeded(settings: Settings) -> bool:
    """Empty a data folder in which seeding was broken off: it holds nothing but half a demonstration.

    Databases elsewhere are not ours to empty: they are left, and seeding refuses them.
    """
    if not is_half_seeded(settings.data_dir):
        return False
    shutil.rmtree(settings.data_dir)
    return True


def sign_ins(region: str) -> str:
    """Who can sign in to a region's demonstration, as lines to print."""
    return "\n".join(f"  {address:<32} {PASSWORD}" for address in sign_ins_of(region))
