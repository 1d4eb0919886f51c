"""One worker process that serves a WSGI application with threads, kept alive by its parent."""

from __future__ import annotations

import ctypes
import logging
import signal
import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import structlog
from gunicorn import glogging
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from chassis.tls import Tls

PR_SET_PDEATHSIG = 1
GRACE_S = 8  # requests in work get this to end; whoever stops us gives ten
REQUEST_LINE = 8190  # bytes: filters and a page token are long
KEEP_ALIVE_S = 30

Application = Callable[..., Any]

log = structlog.get_logger(__name__)


class Log(glogging.Logger):
    """Gunicorn's word in our logs: its own lines tell addresses and paths, so only faults are let through."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)  # type: ignore[no-untyped-call]
        for handler in list(self.error_log.handlers):
            self.error_log.removeHandler(handler)
        self.error_log.propagate = True
        self.error_log.setLevel(logging.ERROR)


class Worker(ThreadWorker):
    """Threads, as gunicorn has them."""

    def set_accept_enabled(self, enabled: bool) -> None:
        """Who ends refuses at once: whoever is let wait in line meanwhile would be dropped at the end."""
        super().set_accept_enabled(enabled)  # type: ignore[no-untyped-call]
        if not self.alive:
            for each in self.sockets:
                each.close()

    def handle_error(
        self, request: Any, client: socket.socket, address: Any, problem: Exception
    ) -> None:
        """Nobody is answered who does not get through to HTTP: who scans ports, or doubts our authority."""
        if isinstance(problem, ssl.SSLError):
            log.debug("handshake_failed", reason=problem.reason)
        else:
            self.answer_error(request, client, address, problem)

    def answer_error(
        self, request: Any, client: socket.socket, address: Any, problem: Exception
    ) -> None:
        """Answer what is no HTTP that we read. The connection ends with it."""
        super().handle_error(request, client, address, problem)  # type: ignore[no-untyped-call]


class Server(BaseApplication):
    """Serves what `load` makes in the worker, after the fork: channels and exporters do not survive one.

    What `load` enters on the stack that it is given is left when the worker ends. More than one
    process are more replicas. With `tls` it is HTTPS; callers need no certificate of their own, and what
    lies in the files is read anew for each connection.
    """

    def __init__(
        self,
        load: Callable[[ExitStack], Application],
        *,
        bind: str,
        threads: int,
        worker: str | type = Worker,
        tls: Tls | None = None,
    ) -> None:
        self._load = load
        self._open = ExitStack()
        self._settings = {"bind": bind, "threads": threads, "worker_class": worker}
        if tls:
            self._settings |= {"certfile": str(tls.certificate), "keyfile": str(tls.key)}
        super().__init__()  # type: ignore[no-untyped-call]

    def load_config(self) -> None:
        settings = {
            **self._settings,
            "workers": 1,
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

    def load(self) -> Application:
        return self._load(self._open)


def _die_with_parent(_server: object, _worker: object) -> None:
    # A killed parent must not leave a worker that holds the port.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
