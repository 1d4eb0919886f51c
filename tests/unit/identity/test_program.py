"""The program itself, with a real bus and a real Valkey, called as other programs call it."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from interchange.identity.v1 import audit_pb2, people_pb2
from interchange.identity.v1 import events_pb2 as events
from interchange.identity.v1 import organisations_pb2 as organisations_pb
from interchange.identity.v1 import sessions_pb2 as pb
from interchange.identity.v1.audit_pb2_grpc import AuditServiceStub
from interchange.identity.v1.organisations_pb2_grpc import OrganisationServiceStub
from interchange.identity.v1.people_pb2_grpc import PersonServiceStub
from interchange.identity.v1.sessions_pb2_grpc import CredentialServiceStub, SessionServiceStub
from sqlalchemy.orm import Session

from chassis import migrations
from chassis.auth import JWKS, ServiceToken, generate_key
from chassis.bus import Consumer
from chassis.client import channel
from chassis.database import Database
from chassis.errors import InvalidArgument, PermissionDenied, Unauthenticated
from cli.ports import free_port
from tests.support.servers import Nats
from tests.support.waiting import eventually
from tests.unit.identity.house import PASSWORD

OPERATOR = "operator@region.example"
KEYS = {program: generate_key(program) for program in ("identity", "opportunities", "cli")}


@dataclass(frozen=True)
class Program:
    """A running identity and a channel to it."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path

    def as_program(self, name: str) -> grpc.Channel:
        return channel(self.address, token=ServiceToken(KEYS[name], name))

    def as_visitor(self) -> grpc.Channel:
        return channel(self.address)


@pytest.fixture
def program(tmp_path: Path, redis_url: str, nats: Nats) -> Iterator[Program]:
    port, log = free_port(), tmp_path / "identity.log"
    url = f"sqlite:///{tmp_path / 'identity.db'}"
    migrations.upgrade("identity", url)
    (tmp_path / "identity.json").write_text(json.dumps(KEYS["identity"]))
    (tmp_path / "services.json").write_text(JWKS(KEYS.values()).dump())
    (tmp_path / "secret").write_text(base64.b64encode(os.urandom(32)).decode())
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "INTERCHANGE_DATABASE_URL": url,
        "INTERCHANGE_REDIS_URL": redis_url,
        "INTERCHANGE_NATS_URL": nats.url,
        "INTERCHANGE_NATS_SEED_FILE": str(nats.config("identity")["nats_seed_file"]),
        "INTERCHANGE_GRPC_ADDRESS": f"127.0.0.1:{port}",
        "INTERCHANGE_SERVICE_KEY_FILE": str(tmp_path / "identity.json"),
        "INTERCHANGE_SERVICE_KEYS_FILE": str(tmp_path / "services.json"),
        "INTERCHANGE_KEY_ENCRYPTION_FILE": str(tmp_path / "secret"),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.identity"], env=environment, stderr=output
        )
    try:
        # It listens before it serves: a port alone says nothing.
        eventually(lambda: _expect_serving(log), timeout_s=20)
        yield Program(process, f"127.0.0.1:{port}", log)
    finally:
        process.kill()
        process.wait()


def _expect_serving(log: Path) -> None:
    assert '"event": "serving"' in log.read_text()


def bearer(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


def sign_in(visitor: grpc.Channel, email: str) -> pb.Session:
    request = pb.CreateSessionRequest(email=email, password=PASSWORD)
    opened: pb.Session = SessionServiceStub(visitor).CreateSession(request)
    return opened


def test_a_region_begins_with_its_operator(program: Program, nats: Nats, tmp_path: Path) -> None:
    with program.as_program("cli") as cli, program.as_visitor() as visitor:
        CredentialServiceStub(cli).CreateOperator(
            pb.CreateOperatorRequest(email=OPERATOR, display_name="Op", password=PASSWORD)
        )
        session = sign_in(visitor, OPERATOR)
        me = SessionServiceStub(visitor).GetMe(
            pb.GetMeRequest(), metadata=bearer(session.access_token)
        )
        organisation = OrganisationServiceStub(visitor).CreateOrganisation(
            organisations_pb.CreateOrganisationRequest(
                organisation=organisations_pb.Organisation(
                    display_name="Norfolk", kind=organisations_pb.Organisation.LOCAL_AUTHORITY
                )
            )
        )

        assert list(me.roles) == ["operator"]
        _is_announced(nats, tmp_path, organisation.name)
        verdict = AuditServiceStub(cli).VerifyAuditLog(audit_pb2.VerifyAuditLogRequest())
        assert (verdict.intact, verdict.entries) == (True, 2)
    assert OPERATOR not in program.log.read_text()


def _is_announced(nats: Nats, folder: Path, organisation: str) -> None:
    """Another program hears of it through the stream."""
    heard: list[str] = []

    def on_registered(_: Session, event: events.OrganisationRegistered) -> None:
        heard.append(event.organisation.name)

    url = f"sqlite:///{folder / 'opportunities.db'}"
    migrations.upgrade("opportunities", url)
    with Database(url) as database, nats.connect("opportunities") as bus:
        handlers = {events.OrganisationRegistered: on_registered}
        consumer = Consumer(database, bus, "opportunities", handlers)
        consumer.start()
        try:
            eventually(lambda: _expect(heard, [organisation]))
        finally:
            consumer.stop()


def _expect(found: list[str], wanted: list[str]) -> None:
    assert found == wanted


def test_calls_are_refused_at_the_gate(program: Program) -> None:
    with program.as_program("opportunities") as opportunities, program.as_visitor() as visitor:
        with pytest.raises(PermissionDenied, match="MAY_NOT_CALL"):
            CredentialServiceStub(opportunities).IssueMailToken(
                pb.IssueMailTokenRequest(person="people/1", purpose=pb.RESET_PASSWORD)
            )
        with pytest.raises(Unauthenticated, match="SIGN_IN_FIRST"):
            SessionServiceStub(visitor).GetMe(pb.GetMeRequest())
        with pytest.raises(InvalidArgument) as refusal:
            PersonServiceStub(visitor).CreatePerson(
                people_pb2.CreatePersonRequest(person=people_pb2.Person(email="nonsense"))
            )

    fields = {each.field for each in refusal.value.violations}
    assert {"person.email", "person.display_name", "person.organisation"} <= fields


def test_signing_out_is_heard_at_the_gate_at_once(program: Program) -> None:
    with program.as_program("cli") as cli, program.as_visitor() as visitor:
        CredentialServiceStub(cli).CreateOperator(
            pb.CreateOperatorRequest(email=OPERATOR, display_name="Op", password=PASSWORD)
        )
        token = bearer(sign_in(visitor, OPERATOR).access_token)
        sessions = SessionServiceStub(visitor)
        sessions.DeleteSession(pb.DeleteSessionRequest(name="sessions/current"), metadata=token)

        with pytest.raises(Unauthenticated, match="TOKEN_REVOKED"):
            sessions.GetMe(pb.GetMeRequest(), metadata=token)


def test_it_stops_when_told(program: Program) -> None:
    program.process.send_signal(signal.SIGTERM)

    assert program.process.wait(15) == 0
