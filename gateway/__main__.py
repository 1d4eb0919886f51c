"""Starts the gateway: `python -m gateway`."""

from __future__ import annotations

from contextlib import ExitStack

from chassis import logs, telemetry, valkey
from chassis.auth import ServiceToken, read_key, verifier
from chassis.client import channel
from chassis.tls import end_when_renewed
from chassis.wsgi import Server
from gateway import contract
from gateway.app import Gateway, create_app
from gateway.config import Config
from gateway.worker import Worker


def main() -> None:
    config = Config()
    logs.configure(config)
    Server(
        lambda stack: load(config, stack),
        bind=f"{config.host}:{config.port}",
        threads=config.threads,
        worker=Worker,
    ).run()  # type: ignore[no-untyped-call]


def load(config: Config, stack: ExitStack) -> Gateway:
    """The door with its channels, which are closed with the stack."""
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
