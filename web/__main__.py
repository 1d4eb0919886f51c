"""Starts the pages' program: `python -m web`."""

from __future__ import annotations

from contextlib import ExitStack

from flask import Flask

from chassis import logs, telemetry, valkey
from chassis.wsgi import Server
from web.app import create_app
from web.config import Config


def main() -> None:
    config = Config()
    logs.configure(config)

    def load(stack: ExitStack) -> Flask:
        stack.enter_context(telemetry.setup(config))
        redis = stack.enter_context(valkey.connect(config.redis_url))
        return create_app(config, redis)

    Server(load, bind=f"{config.host}:{config.port}", threads=config.threads).run()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
