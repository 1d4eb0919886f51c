"""Starts the pages' program: `python -m web`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from chassis import logs
from chassis.wsgi import Server
from web.config import Config

if TYPE_CHECKING:
    from flask import Flask


def main() -> None:
    config = Config()
    logs.configure(config)
    Server(
        lambda stack: load(config, stack),
        bind=f"{config.host}:{config.port}",
        threads=config.threads,
        tls=config.tls,
    ).run()  # type: ignore[no-untyped-call]


def load(config: Config, stack: ExitStack) -> Flask:
    """The pages, whose connections end with the stack."""
    # Imported in the worker: what its parent imports is held twice.
    from chassis import telemetry, valkey
    from web.app import create_app

    stack.enter_context(telemetry.setup(config))
    redis = stack.enter_context(valkey.connect(config.redis_url))
    return create_app(config, redis)


if __name__ == "__main__":
    main()
