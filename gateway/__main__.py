"""Starts the gateway: `python -m gateway`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from chassis import logs
from chassis.wsgi import Server
from gateway.config import Config

if TYPE_CHECKING:
    from gateway.app import Gateway


def main() -> None:
    config = Config()
    logs.configure(config)
    Server(
        lambda stack: load(config, stack),
        bind=f"{config.host}:{config.port}",
        threads=config.threads,
        tls=config.tls,
        worker="gateway.worker.Worker",
    ).run()  # type: ignore[no-untyped-call]


def load(config: Config, stack: ExitStack) -> Gateway:
    """The door with its channels, which are closed with the stack."""
    # Imported in the worker: what its parent imports is held twice.
    from chassis import telemetry, valkey
    from chassis.auth import ServiceToken, read_key, verifier
    from chassis.client import channel
    from chassis.tls import end_when_renewed
    from gateway import contract
    from gateway.app import create_app

    stack.enter_context(telemetry.setup(config))
    if config.tls:
        end_when_renewed(config.tls)
    programs = dict.fromkeys(contract.program_of(each) for each in contract.services())
    channels = {
        name: stack.enter_context(channel(getattr(config, f"{name}_address"), tls=config.tls))
        for name in programs
        if name != contract.SHARED
    }
    own = ServiceToken(read_key(config.service_key_file), config.program)
    federation = stack.enter_context(channel(config.federation_address, token=own, tls=config.tls))
    redis = stack.enter_context(valkey.connect(config.redis_url))
    return create_app(config, channels, verifier(config, channels["identity"]), redis, federation)


if __name__ == "__main__":
    main()
