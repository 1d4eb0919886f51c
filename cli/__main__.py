"""`interchange`: what an operator does to a region from a terminal."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click
from pydantic import ValidationError

from chassis.errors import Error

# Each has a file of its own, which is read when it is asked for: they need different parts.
COMMANDS = (
    "up", "run", "network", "demo", "migrate", "keys", "provision", "rebuild", "dead-letters",
    "operator", "audit", "federation", "status", "doctor", "traces", "walk", "model", "backup", "restore",
)  # fmt: skip


class Commands(click.Group):
    """Commands whose refusals are told in words: a traceback is for faults of ours."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        found: click.Command = getattr(import_module(f"cli.commands.{name}"), name)
        return found

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Error as refused:
            raise click.ClickException(_in_words(refused)) from refused
        except ValidationError as wrong:
            raise click.ClickException(_settings_in_words(wrong)) from wrong


def _in_words(refused: Error) -> str:
    fields = [f"{each.field} {each.description}" for each in refused.violations]
    return "; ".join(fields) or refused.message


def _settings_in_words(wrong: ValidationError) -> str:
    """By the names in the environment."""
    return "; ".join(
        f"{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in wrong.errors()
    )


@click.group(cls=Commands)
def main() -> None:
    """Run and look after one region of the exchange network."""


if __name__ == "__main__":
    main(prog_name="interchange")
