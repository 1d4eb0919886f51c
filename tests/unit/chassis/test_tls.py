"""Programs that show each other certificates: who has none of the region's authority is not heard."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from interchange.common.v1 import dead_letters_pb2 as pb
from interchange.common.v1 import dead_letters_pb2_grpc as rpc
from pydantic import ValidationError

from chassis import client, errors
from chassis.config import Config
from chassis.tls import Tls, end_when_renewed
from cli.ports import free_port
from tests.support.authority import Authority
from tests.support.waiting import eventually
from tests.unit.chassis.letters import Letters, serving


def config(tls: Tls, **more: str) -> Config:
    return Config(
        tls_certificate_file=tls.certificate,
        tls_key_file=tls.key,
        tls_authority_file=tls.authority,
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ours")


def listed(address: str, tls: Tls | None) -> pb.ListDeadLettersResponse:
    with client.channel(address, tls=tls) as channel:
        return rpc.DeadLetterServiceStub(channel).ListDeadLetters(
            pb.ListDeadLettersRequest(), timeout=3
        )


def test_programs_of_one_authority_hear_each_other(authority: Authority) -> None:
    with serving(Letters(), config=config(authority.issue("identity"))) as server:
        assert listed(server.address, authority.issue("gateway")) == pb.ListDeadLettersResponse()


def test_a_stranger_is_not_heard(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "theirs").issue("gateway")
    posing = Tls(stranger.certificate, stranger.key, authority.issue("identity").authority)

    with serving(Letters(), config=config(authority.issue("identity"))) as server:
        for given in (None, stranger, posing):
            with pytest.raises(errors.Unavailable):
                listed(server.address, given)


def test_probes_need_no_certificate_and_learn_nothing_else(authority: Authority) -> None:
    address = f"127.0.0.1:{free_port()}"
    own = config(authority.issue("identity"), health_address=address)

    with serving(Letters(), config=own), grpc.insecure_channel(address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for service in ("", "alive"):
            answer = health.Check(health_pb2.HealthCheckRequest(service=service))  # type: ignore[attr-defined]
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as refused:
            rpc.DeadLetterServiceStub(channel).ListDeadLetters(pb.ListDeadLettersRequest())

    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_part_of_the_files_is_refused() -> None:
    with pytest.raises(ValidationError, match="go together"):
        Config(tls_key_file=Path("key.pem"))


@pytest.fixture
def told() -> Iterator[Event]:
    """Set once this process is told to end."""
    event = Event()
    before = signal.signal(signal.SIGTERM, lambda *_: event.set())
    yield event
    signal.signal(signal.SIGTERM, before)


def has_heard(told: Event) -> None:
    """To be asked again and again: who waits in one piece does not hear what another thread was told."""
    assert told.is_set()


def test_a_program_ends_when_its_certificate_was_renewed(authority: Authority, told: Event) -> None:
    end_when_renewed(authority.issue("identity"), look_every_s=0.01, spread_s=0)

    authority.issue("identity")

    eventually(lambda: has_heard(told))


def test_a_certificate_that_is_away_for_a_moment_is_waited_for(
    authority: Authority, told: Event
) -> None:
    tls = authority.issue("identity")
    end_when_renewed(tls, look_every_s=0.01, spread_s=0)

    tls.certificate.unlink()
    assert not told.wait(0.2)
    authority.issue("identity")

    eventually(lambda: has_heard(told))
