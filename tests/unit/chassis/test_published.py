"""The keys that identity publishes reach whoever has to check a token, whatever that token is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from google.protobuf.json_format import ParseDict
from interchange.identity.v1 import sessions_pb2 as pb
from interchange.identity.v1 import sessions_pb2_grpc as rpc

from chassis import auth, client, policy
from chassis.auth import ANONYMOUS, Call, current
from chassis.config import Config
from chassis.errors import Unauthenticated
from chassis.server import Server
from tests.unit.chassis.letters import ACCESS_KEY, PERSON, access_token
from tests.unit.chassis.letters import verifier as checking


class Sessions(rpc.SessionServiceServicer):
    """Publishes one key."""

    def ListSigningKeys(
        self, request: pb.ListSigningKeysRequest, context: grpc.ServicerContext
    ) -> pb.ListSigningKeysResponse:
        key = ParseDict(auth.public_part(ACCESS_KEY), pb.SigningKey(), ignore_unknown_fields=True)
        return pb.ListSigningKeysResponse(keys=[key])


@contextmanager
def identity() -> Iterator[grpc.Channel]:
    """An identity for which every session has ended."""
    rules = {
        method.name: policy.anyone
        for method in pb.DESCRIPTOR.services_by_name["SessionService"].methods
    }
    server = Server(Config(), rules=rules, verifier=checking(lambda _session: True))
    rpc.add_SessionServiceServicer_to_server(Sessions(), server.grpc)  # type: ignore[abstract]  # only what is asked for
    server.start()
    try:
        with client.channel(server.address) as channel:
            yield channel
    finally:
        server.stop(grace=0)


@contextmanager
def in_work(token: str) -> Iterator[None]:
    """As at the gateway: the token that is to be checked is that of the call in work."""
    reset = current.set(Call(ANONYMOUS, token))
    try:
        yield
    finally:
        current.reset(reset)


@pytest.fixture
def config(tmp_path: Path, redis_url: str) -> Config:
    keys = tmp_path / "services.json"
    keys.write_text(auth.JWKS([]).dump())
    return Config(service_keys_file=keys, redis_url=redis_url)


def test_the_token_of_an_ended_session_does_not_keep_the_keys_away(config: Config) -> None:
    token = access_token()
    with identity() as channel, in_work(token):
        assert auth.verifier(config, channel).verify(token) == PERSON


def test_a_made_up_token_does_not_keep_the_keys_away(config: Config) -> None:
    made_up = auth.generate_key("access.99")
    token = auth.sign_access_token(
        made_up, PERSON, region=config.region, ttl_s=60, at=datetime.now(UTC)
    )
    with identity() as channel:
        verifier = auth.verifier(config, channel)
        with in_work(token), pytest.raises(Unauthenticated, match="BAD_TOKEN"):
            verifier.verify(token)

        assert verifier.verify(access_token()) == PERSON
