"""`interchange`: what an operator does to a region from a terminal."""

from __future__ import annotations

from typing import Any

import click
from pydantic import ValidationError

from chassis.errors import Error
from cli.commands import audit, dead_letters, demo, migrate, operator, rebuild, status, up


class Commands(click.Group):
    """Commands whose refusals are told in words: a traceback is for faults of ours."""

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


for command in (up, demo, migrate, rebuild, dead_letters, operator, audit, status):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="interchange")
