"""The demonstration in a region's data folder: whether it is there, and putting it there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import click
import grpc
from interchange.identity.v1.organisations_pb2 import ListOrganisationsRequest
from interchange.identity.v1.organisations_pb2_grpc import OrganisationServiceStub
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


def discard_half_seeded(settings: Settings) -> bool:
    """Empty a data folder in which seeding was broken off: it holds nothing but half a demonstration.

    Databases elsewhere are not ours to empty: they are left, and seeding refuses them.
    """
    data_dir = settings.data_dir
    if not (data_dir / BEGUN).exists() or is_seeded(data_dir):
        return False
    shutil.rmtree(data_dir)
    return True


def _require_empty(identity: grpc.Channel) -> None:
    stub = OrganisationServiceStub(identity)
    if stub.ListOrganisations(ListOrganisationsRequest(page_size=1)).organisations:
        raise click.ClickException(
            "this region holds organisations already; the demonstration goes into an empty one only"
        )


class Told(Exception):
    """Somebody wants us to stop."""


def seed(settings: Settings, is_told: Callable[[], bool] = lambda: False) -> None:
    """Put the demonstration into the running region, which must be empty; shows how far it is.

    Broken off when `is_told` says so; what is half done is thrown away at the next start.
    """
    identity, opportunities = (
        service_channel(settings, each) for each in ("identity", "opportunities")
    )
    _require_empty(identity)
    (settings.data_dir / BEGUN).touch()
    with Progress(console=Console(stderr=True)) as progress:
        tasks: dict[str, TaskID] = {}

        def step(what: str, done: int, total: int) -> None:
            if is_told():
                raise Told
            if what not in tasks:
                tasks[what] = progress.add_task(f"Adding {what}", total=total)
            progress.update(tasks[what], completed=done)

        Seeder(identity, opportunities, step, now().date()).run()
    (settings.data_dir / DONE).touch()


def sign_ins() -> str:
    """Who can sign in to the demonstration, as lines to print."""
    return "\n".join(f"  {address:<32} {PASSWORD}" for address in SIGN_INS)
