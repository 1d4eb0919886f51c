"""`interchange`: what an operator does to a region from a terminal."""

from __future__ import annotations

import click

from cli.commands import audit, dead_letters, demo, migrate, operator, rebuild, status, up


@click.group()
def main() -> None:
    """Run and look after one region of the exchange network."""


for command in (up, demo, migrate, rebuild, dead_letters, operator, audit, status):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="interchange")
