"""Receives traces on loopback until told to stop: `python -m cli.traces --port PORT`."""

from __future__ import annotations

import signal
from threading import Event

import click

from cli.traces.receiver import receiving


def receive(port: int, host: str) -> None:
    """Receive until SIGTERM or SIGINT."""
    told = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with receiving(port, host) as taken:
        click.echo(f"traces are received and shown at http://{host}:{taken}")
        told.wait()


@click.command()
@click.option("--port", type=int, required=True, help="Port on 127.0.0.1.")
def main(port: int) -> None:
    """Receive traces on loopback until told to stop."""
    receive(port, "127.0.0.1")


if __name__ == "__main__":
    main()
