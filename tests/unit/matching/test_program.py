"""The operator's command over a real channel: who may, what is recorded, what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest
from interchange.matching.v1 import matching_pb2 as pb
from interchange.matching.v1.matching_pb2_grpc import (
    MatchingServiceStub,
    add_MatchingServiceServicer_to_server,
)

from chassis.auth import JWKS, ServiceToken, Verifier, generate_key
from chassis.client import channel
from chassis.config import Config
from chassis.errors import PermissionDenied, Unauthenticated, Unavailable
from chassis.identity import Audit
from chassis.server import Server
from services.matching.policy import RULES
from services.matching.rebuild import Rebuild
from services.matching.service import MatchingService
from tests.unit.matching.conftest import Desk, a_notice
from tests.unit.matching.test_rebuild import Owner, answering, rebuilding

CLI, GATEWAY = generate_key("cli"), generate_key("gateway")
REQUEST = pb.RebuildIndexRequest()


@contextmanager
def running(desk: Desk, rebuild: Rebuild, identity: grpc.Channel) -> Iterator[str]:
    """The program behind its gate; where it listens."""
    verifier = Verifier(JWKS([CLI, GATEWAY]), region="east-of-england")
    server = Server(Config(), rules=RULES, verifier=verifier)
    service = MatchingService(
        desk.follower, desk.directory, rebuild, desk.suggestions, Audit(identity)
    )
    add_MatchingServiceServicer_to_server(service, server.grpc)
    server.start()
    yield server.address
    server.stop(0)


def test_the_command_hears_how_far_it_is_and_is_recorded(desk: Desk) -> None:
    owner = Owner([a_notice() for _ in range(11)])  # two on a page
    with (
        answering(owner) as asked,
        running(desk, Rebuild(desk.database, asked, asked, asked), asked) as address,
        channel(address, token=ServiceToken(CLI, "cli")) as cli,
    ):
        reports = list(MatchingServiceStub(cli).RebuildIndex(REQUEST, timeout=60))

    assert [(each.done, each.complete) for each in reports] == [
        (10, False),
        (11, False),
        (11, True),
    ]
    assert owner.audited == [("programs/cli", "index.rebuild")]


def test_nobody_else_may_and_nothing_is_done_unrecorded(desk: Desk) -> None:
    known = desk.publish()
    with (
        rebuilding(desk, Owner()) as rebuild,
        channel("127.0.0.1:1") as nobody,
        running(desk, rebuild, nobody) as address,
        channel(address) as visitor,
        channel(address, token=ServiceToken(GATEWAY, "gateway")) as gateway,
        channel(address, token=ServiceToken(CLI, "cli")) as cli,
    ):
        for caller, refusal in (
            (visitor, Unauthenticated),
            (gateway, PermissionDenied),
            (cli, Unavailable),
        ):
            with pytest.raises(refusal):
                list(MatchingServiceStub(caller).RebuildIndex(REQUEST, timeout=60))
    desk.follower.follow()

    assert desk.found() == [known.name]
