"""Checking callers with the keys that identity publishes: what every program but identity does."""

from __future__ import annotations

from functools import cache

import grpc
from google.protobuf.json_format import MessageToDict
from interchange.identity.v1.sessions_pb2 import ListSigningKeysRequest
from interchange.identity.v1.sessions_pb2_grpc import SessionServiceStub

from chassis import valkey
from chassis.auth.keys import JWKS
from chassis.auth.principal import ANONYMOUS, acting_as
from chassis.auth.revocations import Revocations
from chassis.auth.verifying import Verifier
from chassis.config import Config


def verifier(config: Config, identity: grpc.Channel) -> Verifier:
    """Programs by their keys in a file, people by the keys that identity publishes, sessions by Redis."""
    sessions = SessionServiceStub(identity)

    def published() -> JWKS:
        # On nobody's behalf: the token of the call in work is the one still to be checked, and
        # identity would refuse a bad one, and with it the keys that everybody waits for.
        with acting_as(ANONYMOUS):
            answer = sessions.ListSigningKeys(ListSigningKeysRequest())
        return JWKS(MessageToDict(key) for key in answer.keys)

    @cache  # made when first needed: a program should not wait for the client to load
    def revocations() -> Revocations:
        return Revocations(valkey.connect(config.redis_url))

    return Verifier(
        JWKS.read(config.service_keys_file),
        published,
        lambda session: revocations().is_revoked(session),
        region=config.region,
    )
