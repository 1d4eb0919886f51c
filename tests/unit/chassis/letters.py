"""A small real servicer, its server and its callers, for tests of the chassis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import grpc
from interchange.common.v1 import dead_letters_pb2 as pb
from interchange.common.v1 import dead_letters_pb2_grpc as rpc

from chassis import auth, client, policy, tracing
from chassis.config import Config
from chassis.server import Server

REGION = "east-of-england"
ACCESS_KEY = auth.generate_key("access.1")
PROGRAM_KEY = auth.generate_key("matching")
PERSON = auth.Principal(person="people/1", organisation="organisations/1", session="s1")


@dataclass(frozen=True)
class Seen:
    """What a handler knew of its call."""

    who: auth.Principal
    left_s: float
    traceparent: str


@dataclass
class Letters(rpc.DeadLetterServiceServicer):
    """Answers lists and replays after doing `then`; has no code to drop."""

    then: Callable[[], None] = lambda: None
    seen: list[Seen] = field(default_factory=list)

    def ListDeadLetters(
        self, request: pb.ListDeadLettersRequest, context: grpc.ServicerContext
    ) -> pb.ListDeadLettersResponse:
        self.seen.append(Seen(auth.principal(), auth.remaining_s(), tracing.traceparent()))
        self.then()
        return pb.ListDeadLettersResponse(next_page_token="x" * request.page_size)

    def ReplayDeadLetter(
        self, request: pb.ReplayDeadLetterRequest, context: grpc.ServicerContext
    ) -> pb.DeadLetter:
        self.then()
        return pb.DeadLetter(name=request.name)

    def DropDeadLetter(
        self, request: pb.DropDeadLetterRequest, context: grpc.ServicerContext
    ) -> pb.DeadLetter:
        # As when a program lacks the method: the stubs call the generated code abstract.
        return super().DropDeadLetter(request, context)  # type: ignore[arg-type, return-value]


OPEN = {
    "ListDeadLetters": policy.anyone,
    "ReplayDeadLetter": policy.anyone,
    "DropDeadLetter": policy.anyone,
}


def verifier(is_revoked: Callable[[str], bool] | None = None) -> auth.Verifier:
    services, people = auth.JWKS([PROGRAM_KEY]), auth.JWKS([ACCESS_KEY])
    return auth.Verifier(services, lambda: people, is_revoked, region=REGION)


@contextmanager
def serving(
    letters: Letters, *, rules: policy.Rules = OPEN, config: Config | None = None
) -> Iterator[Server]:
    server = Server(config or Config(), rules=rules, verifier=verifier())
    rpc.add_DeadLetterServiceServicer_to_server(letters, server.grpc)
    server.start()
    try:
        yield server
    finally:
        server.stop(grace=0)


@contextmanager
def asking(
    address: str, token: auth.ServiceToken | None = None
) -> Iterator[rpc.DeadLetterServiceStub]:
    with client.channel(address, token=token) as channel:
        yield rpc.DeadLetterServiceStub(channel)


def access_token(who: auth.Principal = PERSON, *, ttl_s: int = 60) -> str:
    now = datetime.now(UTC)
    return auth.sign_access_token(ACCESS_KEY, who, region=REGION, ttl_s=ttl_s, at=now)


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)
