"""`interchange audit`: check that the audit log is whole."""

from __future__ import annotations

import click
from interchange.identity.v1 import audit_pb2 as pb
from interchange.identity.v1 import audit_pb2_grpc as rpc

from cli.channels import service_channel
from cli.settings import Settings

VERIFY_WITHIN_S = 600


@click.group()
def audit() -> None:
    """The record of every privileged act."""


@audit.command()
def verify() -> None:
    """Check that no entry was altered, removed or put in between."""
    stub = rpc.AuditServiceStub(service_channel(Settings(), "identity"))
    answer = stub.VerifyAuditLog(pb.VerifyAuditLogRequest(), timeout=VERIFY_WITHIN_S)
    if not answer.intact:
        raise click.ClickException(
            f"the audit log is broken at entry {answer.first_broken_sequence} of {answer.entries}"
        )
    click.echo(f"audit log intact: {answer.entries} entries, head {answer.head_hash}")
