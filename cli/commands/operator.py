"""`interchange operator`: who runs the region."""

from __future__ import annotations

import click
from interchange.identity.v1 import sessions_pb2 as pb
from interchange.identity.v1 import sessions_pb2_grpc as rpc

from cli.channels import service_channel
from cli.settings import Settings


@click.group()
def operator() -> None:
    """The people who run the region."""


@operator.command()
@click.option("--email", prompt=True, help="Work address.")
@click.option("--name", prompt=True, help="The name they go by.")
@click.option("--password", default="", help="First password; without it they are invited by mail.")
def create(email: str, name: str, password: str) -> None:
    """Make a person an operator of the region."""
    stub = rpc.CredentialServiceStub(service_channel(Settings(), "identity"))
    request = pb.CreateOperatorRequest(email=email, display_name=name, password=password)
    click.echo(f"operator: {stub.CreateOperator(request).person}")
