"""Mutual TLS between programs: each shows a certificate, and takes only those of its own authority."""

from __future__ import annotations

import os
import random
import signal
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import grpc
import structlog

LOOK_EVERY_S = 60.0
# Replicas whose certificates were renewed together do not end together.
SPREAD_S = 1800.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tls:
    """Where the program's certificate, its key and its authority's certificate lie, all PEM.

    Servers read them anew for each connection; channels once, when they are made.
    """

    certificate: Path
    key: Path
    authority: Path

    def server(self) -> grpc.ServerCredentials:
        """Of a server that asks its callers for a certificate too."""
        return grpc.dynamic_ssl_server_credentials(
            self._configuration(), self._configuration, require_client_authentication=True
        )

    def channel(self) -> grpc.ChannelCredentials:
        """Of a caller that shows its certificate."""
        return grpc.ssl_channel_credentials(
            root_certificates=self.authority.read_bytes(),
            private_key=self.key.read_bytes(),
            certificate_chain=self.certificate.read_bytes(),
        )

    def _configuration(self) -> grpc.ServerCertificateConfiguration:
        pair = (self.key.read_bytes(), self.certificate.read_bytes())
        return grpc.ssl_server_certificate_configuration([pair], self.authority.read_bytes())


def end_when_renewed(
    tls: Tls, *, look_every_s: float = LOOK_EVERY_S, spread_s: float = SPREAD_S
) -> None:
    """Tell this process to end in an orderly way once its certificate has changed: a channel keeps the old one.

    Whoever runs it starts it again. At once but for a random wait of up to `spread_s` seconds.
    """
    before = tls.certificate.read_bytes()

    def watch() -> None:
        waiting = Event()
        while _is_still(before, tls.certificate):
            waiting.wait(look_every_s)
        log.info("certificate_renewed")
        waiting.wait(random.uniform(0, spread_s))  # noqa: S311  # nothing secret
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, name="certificate", daemon=True).start()


def _is_still(before: bytes, certificate: Path) -> bool:
    try:
        return certificate.read_bytes() == before
    except FileNotFoundError:  # a volume puts the new one where the old one was in two steps
        return True
