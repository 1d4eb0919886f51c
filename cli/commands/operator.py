"""`interchange operator`: who runs the region."""

from __future__ import annotations

import click
from interchange.identity.v1 import second_factors_pb2, second_factors_pb2_grpc
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


@operator.command()
@click.option("--email", prompt=True, help="Work address of who has lost it.")
@click.option("--note", prompt=True, help="How you know that it is they, for the audit log.")
def reset_second_factor(email: str, note: str) -> None:
    """Take the second factor from somebody who has lost it, when no other operator can."""
    stub = second_factors_pb2_grpc.SecondFactorServiceStub(service_channel(Settings(), "identity"))
    name = f"people/{email.strip().lower()}/secondFactor"
    stub.ResetSecondFactor(second_factors_pb2.ResetSecondFactorRequest(name=name, note=note))
    click.echo("reset: they sign in with their password, and are told by mail")
