"""Starts the gateway: `python -m gateway`."""

from __future__ import annotations

import ctypes
import logging
import signal
from contextlib import ExitStack
from typing import Any

from gunicorn import glogging
from gunicorn.app.base import BaseApplication

from chassis import logs, telemetry, valkey
from chassis.auth import verifier
from chassis.client import channel
from gateway import contract
from gateway.app import Gateway, create_app
from gateway.config import Config
from gateway.worker import Worker

PR_SET_PDEATHSIG = 1
GRACE_S = 8  # requests in work get this to end; whoever stops us gives ten
REQUEST_LINE = 8190  # bytes: filters and a page token are long
KEEP_ALIVE_S = 30


class Log(glogging.Logger):
    """Gunicorn's word in our logs: its own lines tell addresses and paths, so only faults are let through."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)  # type: ignore[no-untyped-call]
        for handler in list(self.error_log.handlers):
            self.error_log.removeHandler(handler)
        self.error_log.propagate = True
        self.error_log.setLevel(logging.ERROR)


class Server(BaseApplication):
    """One worker process that serves with threads, kept alive by its parent."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._open = ExitStack()
        super().__init__()  # type: ignore[no-untyped-call]

    def load_config(self) -> None:
        settings = {
            "bind": f"{self._config.host}:{self._config.port}",
            "worker_class": Worker,
            "workers": 1,
            "threads": self._config.threads,
            "graceful_timeout": GRACE_S,
            "keepalive": KEEP_ALIVE_S,
            "limit_request_line": REQUEST_LINE,
            "logger_class": Log,
            "control_socket_disable": True,
            "post_fork": _die_with_parent,
            "worker_exit": lambda _server, _worker: self._open.close(),
        }
        for name, value in settings.items():
            self.cfg.set(name, value)  # type: ignore[union-attr]  # made by the base class

    def load(self) -> Gateway:
        """In the worker, after the fork: channels and exporters do not survive one."""
        config = self._config
        self._open.enter_context(telemetry.setup(config))
        programs = dict.fromkeys(contract.program_of(each) for each in contract.services())
        channels = {
            name: self._open.enter_context(channel(getattr(config, f"{name}_address")))
            for name in programs
            if name != contract.SHARED
        }
        redis = self._open.enter_context(valkey.connect(config.redis_url))
        return create_app(config, channels, verifier(config, channels["identity"]), redis)


def _die_with_parent(_server: object, _worker: object) -> None:
    # A killed parent must not leave a worker that holds the port.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def main() -> None:
    config = Config()
    logs.configure(config)
    Server(config).run()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
