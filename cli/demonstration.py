"""The demonstration in a region's data folder: whether it is there, and putting it there."""

from __future__ import annotations

import shutil
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TaskID

from chassis.clock import now
from cli.channels import service_channel
from cli.settings import Settings
from demo.seed import OPERATOR, PASSWORD, Seeder

BEGUN, DONE = "demonstration.begun", "demonstration.done"
SIGN_INS = (OPERATOR, *(f"{name}@demo.example" for name in (
    "norfolk.manager", "suffolk.manager", "norfolk.officer", "suffolk.officer", "charity.manager",
)))  # fmt: skip


def is_seeded(data_dir: Path) -> bool:
    """Whether the whole demonstration is there."""
    return (data_dir / DONE).exists()


def discard_half_seeded(data_dir: Path) -> bool:
    """Empty a data folder in which seeding was broken off: it holds nothing but half a demonstration."""
    if not (data_dir / BEGUN).exists() or is_seeded(data_dir):
        return False
    shutil.rmtree(data_dir)
    return True


def seed(settings: Settings) -> None:
    """Put the demonstration into the running region, which must be empty; shows how far it is."""
    (settings.data_dir / BEGUN).touch()
    with Progress(console=Console(stderr=True)) as progress:
        tasks: dict[str, TaskID] = {}

        def step(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(f"Adding {what}", total=total)
            progress.update(tasks[what], completed=done)

        identity, opportunities = (
            service_channel(settings, each) for each in ("identity", "opportunities")
        )
        Seeder(identity, opportunities, step, now().date()).run()
    (settings.data_dir / DONE).touch()


def sign_ins() -> str:
    """Who can sign in to the demonstration, as lines to print."""
    return "\n".join(f"  {address:<32} {PASSWORD}" for address in SIGN_INS)
