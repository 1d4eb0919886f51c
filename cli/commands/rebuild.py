"""`interchange rebuild`: throw a read model away and build it anew while it goes on answering."""

from __future__ import annotations

import click
from interchange.matching.v1 import matching_pb2 as pb
from interchange.matching.v1 import matching_pb2_grpc as rpc
from rich.progress import Progress

from cli.channels import service_channel
from cli.settings import Settings

REBUILD_WITHIN_S = 3600


@click.group()
def rebuild() -> None:
    """Throw a read model away and build it anew; it goes on answering meanwhile."""


@rebuild.command()
def matching() -> None:
    """The index of notices."""
    stub = rpc.MatchingServiceStub(service_channel(Settings(), "matching"))
    with Progress() as progress:
        task = progress.add_task("Reading notices", total=None)
        for report in stub.RebuildIndex(pb.RebuildIndexRequest(), timeout=REBUILD_WITHIN_S):
            progress.update(task, completed=report.done)
    click.echo(f"matching: rebuilt from {report.done} notices")
