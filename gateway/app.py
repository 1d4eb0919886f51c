"""The gateway as a WSGI application: Flask, with the contract's table in place of its router."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import grpc
from flask import Flask, Request, Response
from flask.globals import request_ctx
from redis import Redis

from chassis.auth import Verifier
from chassis.release import HEADER, release
from gateway.answers import JSON, Answer
from gateway.asked import Asked
from gateway.config import Config
from gateway.docs import docs
from gateway.door import Door, Page
from gateway.health import Opening, Readiness
from gateway.idempotency import Keys
from gateway.limits import Limits
from gateway.operation import Operation
from gateway.partners import PartnerDoor
from gateway.routes import Table, all_routes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

POLICY = "Content-Security-Policy"
# On every answer, whoever makes it. A page that needs more says so itself.
SECURITY = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Strict-Transport-Security", "max-age=31536000"),
    ("Vary", "Authorization, Origin, Accept-Language"),
]
NO_PAGE = (POLICY, "default-src 'none'; frame-ancestors 'none'")

OK = Answer(200, b'{"status":"ok"}', {"Content-Type": JSON, HEADER: release()})


class Bare(Response):
    """A response with the headers that it is given: what has no body has no type."""

    default_mimetype = None


class Gateway(Flask):
    """Flask without its router: the door knows what a path means."""

    def __init__(self, door: Door) -> None:
        super().__init__("gateway", static_folder=None)
        self._door = door

    def create_url_adapter(self, request: Request | None) -> None:
        return None

    def dispatch_request(self) -> Response:
        asked = Asked(request_ctx.request)
        answer = self._door.answer(asked)
        return Bare(answer.body, answer.status, answer.headers)

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *fault: object) -> object:
            has_policy = any(name == POLICY for name, _ in headers)
            added = SECURITY if has_policy else [*SECURITY, NO_PAGE]
            return start_response(status, headers + added, *fault)  # type: ignore[arg-type]

        return super().wsgi_app(environ, start)  # type: ignore[arg-type]


def create_app(
    config: Config,
    channels: Mapping[str, grpc.Channel],
    verifier: Verifier,
    redis: Redis,
    federation: grpc.Channel,
) -> Gateway:
    """The whole gateway. Make it in the process that serves: channels do not survive a fork.

    `federation` is a channel on which the gateway speaks for itself; on all others its callers do.
    """
    operations = Table(Operation(route, channels) for route in all_routes())
    keys = Keys(redis, timeout_s=config.call_timeout_s)
    pages: dict[str, Page] = {
        **docs(),
        "/healthz": lambda: OK,
        "/readyz": Readiness(channels, redis).answer,
    }
    limits = Limits(config)
    partners = PartnerDoor(config, federation, limits)
    showing = [federation, channels["opportunities"], channels["matching"]]
    opening = Opening(showing, within_s=config.open_within_s)
    door = Door(config, operations, pages, verifier, limits, keys, partners, opening.is_open)
    return Gateway(door)
