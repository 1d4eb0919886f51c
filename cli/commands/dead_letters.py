"""`interchange dead-letters`: see what a program gave up on, and hand it over again."""

from __future__ import annotations

import click
from interchange.common.v1 import dead_letters_pb2 as pb
from interchange.common.v1 import dead_letters_pb2_grpc as rpc
from rich.console import Console
from rich.table import Table

from cli.channels import service_channel
from cli.settings import SERVICES, Settings

PAGE = 100


@click.group("dead-letters")
def dead_letters() -> None:
    """What programs could not process: list, replay, drop."""


@dead_letters.command("list")
@click.option("--program", type=click.Choice(SERVICES), help="Only this program's.")
@click.option("--all", "everything", is_flag=True, help="Those replayed or dropped too.")
def list_(program: str | None, everything: bool) -> None:
    """List dead letters, newest first, up to a hundred a program."""
    state = pb.DeadLetter.STATE_UNSPECIFIED if everything else pb.DeadLetter.WAITING
    table = Table("Name", "State", "Subject", "Reason", "Given up", "Detail")
    for service in [program] if program else SERVICES:
        request = pb.ListDeadLettersRequest(page_size=PAGE, state=state)
        for letter in _stub(service).ListDeadLetters(request).dead_letters:
            state_name = pb.DeadLetter.State.Name(letter.state).lower()
            when = letter.create_time.ToJsonString()
            table.add_row(
                letter.name, state_name, letter.subject, letter.reason, when, letter.detail
            )
    if not table.row_count:
        click.echo("no dead letters")
        return
    Console().print(table)


@dead_letters.command()
@click.argument("name")
def replay(name: str) -> None:
    """Hand one dead letter to its handler again."""
    letter = _stub(_program(name)).ReplayDeadLetter(pb.ReplayDeadLetterRequest(name=name))
    click.echo(f"{letter.name}: {pb.DeadLetter.State.Name(letter.state).lower()}")


@dead_letters.command()
@click.argument("name")
def drop(name: str) -> None:
    """Mark one dead letter as not to be processed."""
    letter = _stub(_program(name)).DropDeadLetter(pb.DropDeadLetterRequest(name=name))
    click.echo(f"{letter.name}: {pb.DeadLetter.State.Name(letter.state).lower()}")


def _program(name: str) -> str:
    parts = name.split("/")
    if len(parts) != 4 or parts[0] != "programs" or parts[1] not in SERVICES:
        raise click.BadParameter(f"{name!r} is not programs/PROGRAM/deadLetters/ID")
    return parts[1]


def _stub(service: str) -> rpc.DeadLetterServiceStub:
    return rpc.DeadLetterServiceStub(service_channel(Settings(), service))
