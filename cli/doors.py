"""HTTP to the gateway and the pages of a region, wherever it runs."""

from __future__ import annotations

import ssl
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from chassis.tls import Tls
from cli.channels import service_tls


def session() -> requests.Session:
    """Where the environment names the region's own authority, that is believed besides those that everybody knows."""
    made, tls = requests.Session(), service_tls()
    if tls:
        made.mount("https://", _Believing(tls))
    return made


class _Believing(HTTPAdapter):
    def __init__(self, tls: Tls) -> None:
        self._context = ssl.create_default_context()
        self._context.load_verify_locations(tls.authority)
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, ssl_context=self._context, **more)
