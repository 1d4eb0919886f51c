"""The gateway counts visitors of the pages by their own addresses, which only our proxies can tell."""

from __future__ import annotations

from collections.abc import Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Flask
from redis import Redis

from tests.unit.web.canned import listening
from web.app import create_app
from web.config import Config

INGRESS, VISITOR = "10.0.0.9", "192.0.2.7"


class Heard:
    """A gateway that has nothing to say and remembers whom it was asked for."""

    def __init__(self) -> None:
        self.clients: set[str] = set()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        self.clients.add(environ.get("HTTP_X_FORWARDED_FOR", ""))
        start("503 Service Unavailable", [("Content-Type", "application/json")])
        return [b"{}"]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def app(heard: Heard, redis: Redis) -> Iterator[Flask]:
    with listening(heard) as url:
        yield create_app(Config(gateway_url=url, trusted_proxies=INGRESS), redis)


def ask(app: Flask, peer: str, forwarded: str = "") -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    app.test_client().get("/notices", headers=headers, environ_base={"REMOTE_ADDR": peer})


def test_a_visitors_own_address_is_handed_on(app: Flask, heard: Heard) -> None:
    ask(app, VISITOR)

    assert heard.clients == {VISITOR}


def test_an_ingress_is_believed(app: Flask, heard: Heard) -> None:
    ask(app, INGRESS, f"6.6.6.6, {VISITOR}")

    assert heard.clients == {VISITOR}


def test_a_visitor_who_claims_to_be_another_is_not(app: Flask, heard: Heard) -> None:
    ask(app, VISITOR, "6.6.6.6")

    assert heard.clients == {VISITOR}
