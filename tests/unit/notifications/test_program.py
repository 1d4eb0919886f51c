"""The whole program, as it is started: an event on the bus becomes a message and a mail, in one trace."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.protobuf.message import Message as Event
from interchange.identity.v1 import events_pb2 as identity
from interchange.identity.v1.audit_pb2_grpc import add_AuditServiceServicer_to_server
from interchange.identity.v1.people_pb2_grpc import add_PersonServiceServicer_to_server
from interchange.identity.v1.sessions_pb2_grpc import add_CredentialServiceServicer_to_server
from interchange.notifications.v1 import notifications_pb2 as pb
from interchange.notifications.v1.notifications_pb2_grpc import NotificationServiceStub

from chassis import migrations
from chassis.auth import JWKS, Verifier, generate_key, public_part
from chassis.bus import envelope
from chassis.bus.connection import Outgoing
from chassis.bus.permissions import ADMIN
from chassis.client import channel
from chassis.clock import now
from chassis.config import Config
from chassis.database import new_id
from chassis.errors import Error, Unauthenticated
from chassis.server import Server
from cli.ports import free_port
from tests.support import servers
from tests.support.mail import MailServer
from tests.support.register import REGION, RULES, Register
from tests.support.servers import Nats
from tests.support.telemetry import Collector
from tests.support.waiting import eventually

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
ROOT = "b7ad6b7169203331"
CAUSED_BY = {
    "send mail person-joined": "process evt.identity.person.joined",
    "send mail password-reset": "process evt.identity.password_reset.requested",
    "interchange.identity.v1.CredentialService/IssueMailToken": "send mail password-reset",
}


@dataclass
class Running:
    """The program, and what it stands on."""

    nats: Nats
    register: Register
    mail: MailServer
    collector: Collector
    address: str
    log: Path

    def announce(self, event: Event) -> None:
        """Put an event on the bus, twice."""
        headers = envelope.headers(event, new_id(), now(), f"00-{TRACE_ID}-{ROOT}-01")
        subject = envelope.subject_of(event.DESCRIPTOR)
        with self.nats.connect(ADMIN) as bus:
            for _ in range(2):
                bus.publish(Outgoing(subject, envelope.encode(event), headers))


@contextmanager
def trusting(register: Register, keys: JWKS) -> Iterator[str]:
    """The register as a program that knows who asks; its address."""
    server = Server(Config(), rules=RULES, verifier=Verifier(keys, region=REGION))
    add_PersonServiceServicer_to_server(register, server.grpc)
    add_CredentialServiceServicer_to_server(register, server.grpc)
    add_AuditServiceServicer_to_server(register, server.grpc)
    server.start()
    yield server.address
    server.stop(0)


@pytest.fixture
def program(nats: Nats, redis_url: str, tmp_path: Path) -> Iterator[Running]:
    register, key, port = Register(), generate_key("notifications"), free_port()
    keys = JWKS([public_part(key)])
    key_file, keys_file = tmp_path / "key.json", tmp_path / "keys.json"
    key_file.write_text(json.dumps(key))
    keys_file.write_text(keys.dump())
    database_url = f"sqlite:///{tmp_path / 'notifications.db'}"
    migrations.upgrade("notifications", database_url)
    with MailServer() as mail, Collector() as collector, trusting(register, keys) as address:
        running = Running(
            nats, register, mail, collector, f"127.0.0.1:{port}", tmp_path / "program.log"
        )
        settings = {
            "GRPC_ADDRESS": running.address,
            "DATABASE_URL": database_url,
            "IDENTITY_ADDRESS": address,
            "REDIS_URL": redis_url,
            "NATS_URL": nats.url,
            "NATS_SEED_FILE": str(nats.folder / "notifications.nk"),
            "SERVICE_KEY_FILE": str(key_file),
            "SERVICE_KEYS_FILE": str(keys_file),
            "MAIL_URL": mail.url,
            "OTLP_ENDPOINT": collector.url,
        }
        with started(settings, port, running.log):
            yield running


@contextmanager
def started(settings: dict[str, str], port: int, log: Path) -> Iterator[None]:
    ours = {f"INTERCHANGE_{name}": value for name, value in settings.items()}
    path = os.pathsep.join(each for each in sys.path if each)
    before = dict(os.environ)
    os.environ.update(ours, PYTHONPATH=path)
    try:
        with servers.running([sys.executable, "-m", "services.notifications"], port, log):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_an_event_becomes_a_mail_in_its_trace_and_names_nobody(program: Running) -> None:
    norfolk = program.register.enter("Norfolk")
    officer = program.register.employ(norfolk, "Priya Lartersworth")
    organisation = program.register.organisations[norfolk]

    program.announce(identity.OrganisationRegistered(organisation=organisation))
    program.announce(identity.PersonJoined(person=officer, organisation=norfolk))
    program.announce(identity.PasswordResetRequested(person=officer))

    def sent() -> None:
        assert len(program.mail.messages) == 2, program.log.read_text()

    def traced() -> None:
        spans = {seen.name: seen for seen in program.collector.trace(TRACE_ID)}
        assert set(spans) >= set(CAUSED_BY), set(spans)
        causes = {name: spans[cause].id for name, cause in CAUSED_BY.items()}
        assert {name: spans[name].parent for name in CAUSED_BY} == causes
        known = {seen.id for seen in spans.values()}
        assert {seen.parent for seen in spans.values()} - known == {ROOT}

    eventually(sent)
    eventually(traced)
    written = program.log.read_text() + program.collector.text()
    for personal in ("Priya", "Lartersworth", "council.example", "token-"):
        assert personal not in written


def test_its_door_is_guarded(program: Running) -> None:
    with channel(program.address) as opened:
        stub = NotificationServiceStub(opened)
        with pytest.raises(Unauthenticated):
            stub.ListMessages(pb.ListMessagesRequest())
        with pytest.raises(Error, match="NO_SUCH_SUBSCRIPTION"):
            stub.Unsubscribe(pb.UnsubscribeRequest(token="guessed"))
