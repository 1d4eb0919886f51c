"""Putting the demonstration into a running region, with a bar that says how far it is."""

from __future__ import annotations

from collections.abc import Callable

import click
import grpc
from interchange.identity.v1.organisations_pb2 import ListOrganisationsRequest
from interchange.identity.v1.organisations_pb2_grpc import OrganisationServiceStub
from rich.console import Console
from rich.progress import Progress, TaskID

from chassis.clock import now
from cli.channels import service_channel
from cli.demonstration import BEGUN, DONE, Told
from cli.settings import Settings
from demo.regions import demonstration_of
from demo.regions.demonstration import Size
from demo.seed import Seeder


def seed(
    settings: Settings, is_told: Callable[[], bool] = lambda: False, size: Size | None = None
) -> None:
    """Put the demonstration into the running region, which must be empty; shows how far it is.

    Broken off when `is_told` says so; what is half done is thrown away at the next start.
    """
    programs = ("identity", "opportunities", "matching")
    identity, opportunities, matching = (service_channel(settings, each) for each in programs)
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

        demonstration = demonstration_of(settings.region)
        Seeder(demonstration, identity, opportunities, matching, step, now().date()).run(size)
    (settings.data_dir / DONE).touch()


def _require_empty(identity: grpc.Channel) -> None:
    stub = OrganisationServiceStub(identity)
    if stub.ListOrganisations(ListOrganisationsRequest(page_size=1)).organisations:
        raise click.ClickException(
            "this region holds organisations already; the demonstration goes into an empty one only"
        )
