"""Receives traces on loopback until told to stop: `python -m cli.traces --port PORT`."""

from __future__ import annotations

import click

from chassis import signals
from cli.traces.receiver import receiving


def receive(port: int, host: str) -> None:
    """Receive until SIGTERM or SIGINT."""
    told = signals.told_to_end()
    with receiving(port, host) as taken:
        click.echo(f"traces are received and shown at http://{host}:{taken}")
        signals.wait(told)


@click.command()
@click.option("--port", type=int, required=True, help="Port on 127.0.0.1.")
def main(port: int) -> None:
    """Receive traces on loopback until told to stop."""
    receive(port, "127.0.0.1")


if __name__ == "__main__":
    main()
