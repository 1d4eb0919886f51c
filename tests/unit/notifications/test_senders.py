"""Ways out for mail: TLS and passwords by SMTP, and GOV.UK Notify over HTTP."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cli.ports import free_port
from services.notifications.config import Config
from services.notifications.deliveries import ways_out
from services.notifications.deliveries.notify import NotifySender
from services.notifications.deliveries.senders import Away, Mail, NotNow, Refused
from services.notifications.deliveries.smtp import SmtpSender, compose
from tests.support.mail import MailServer

MAIL = Mail(
    id="0192",
    address="priya@council.example",
    display_name="Priya Lartersworth",
    subject="A subject",
    text="Some words.",
    html="<p>Some words.</p>",
    language="en",
    unsubscribe_url="https://api.example/v1/subscriptions/t:unsubscribe",
)
FROM = "Interchange <no-reply@region.example>"
KEY = "team-8b3aa916-ec82-434e-b0c5-d5d9b371d6a3-dcdc5083-2fee-4fba-8afd-51f3f4bcb7b0"


@dataclass
class Guarded:
    """A mail server that wants to know who sends."""

    accepts: str = "right"
    taken: list[tuple[bool, str]] = field(default_factory=list)

    async def handle_DATA(self, _: SMTP, session: Session, __: Envelope) -> str:
        self.taken.append((session.ssl is not None, str(session.authenticated)))
        return "250 taken"

    def authenticate(self, _: Any, __: Any, ___: Any, ____: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == self.accepts.encode())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of its own for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of a test")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    signed = builder.sign(key, hashes.SHA256())
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextmanager
def guarded(certificate: Path, *, starttls: bool) -> Iterator[tuple[Guarded, int]]:
    """A server with TLS, from the first byte or after STARTTLS; its port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server, port = Guarded(), free_port()
    how = {"tls_context": context} if starttls else {"ssl_context": context}
    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=port,
        authenticator=server.authenticate,
        auth_require_tls=starttls,
        **how,
    )
    controller.start()
    yield server, port
    controller.stop()


def smtp(url: str, ca_file: Path | None = None) -> SmtpSender:
    return SmtpSender(url, sender=FROM, timeout_s=5, ca_file=ca_file)


def test_a_mail_program_can_read_where_to_unsubscribe_however_long_it_is() -> None:
    url = f"https://exchange.east-of-england.example/v1/subscriptions/{'t' * 64}:unsubscribe"

    sent = compose(replace(MAIL, unsubscribe_url=url), FROM).as_bytes()

    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in sent
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in sent


@pytest.mark.parametrize(("scheme", "starttls"), [("smtp", True), ("smtps", False)])
def test_name_and_password_are_given_under_tls(
    certificate: Path, scheme: str, starttls: bool
) -> None:
    with guarded(certificate, starttls=starttls) as (server, port):
        sender = smtp(f"{scheme}://us%40region:right@127.0.0.1:{port}", certificate)
        sender.send(MAIL)
        sender.send(MAIL)
        sender.close()

    # aiosmtpd notes TLS only where it came by STARTTLS; the other port speaks nothing else.
    assert server.taken == [(starttls, "True")] * 2


def test_a_wrong_password_is_our_trouble_not_the_mails(certificate: Path) -> None:
    with guarded(certificate, starttls=True) as (server, port):
        sender = smtp(f"smtp://us:wrong@127.0.0.1:{port}", certificate)
        with pytest.raises(Away, match="NOT_ACCEPTED"):
            sender.send(MAIL)

    assert server.taken == []


def test_who_cannot_prove_who_they_are_gets_no_mail(certificate: Path) -> None:
    away = pytest.raises(Away, match="SSLCertVerificationError")
    with guarded(certificate, starttls=True) as (server, port), away:
        smtp(f"smtp://127.0.0.1:{port}").send(MAIL)

    assert server.taken == []


def test_a_password_is_not_sent_in_the_clear() -> None:
    with MailServer() as server:
        url = server.url.replace("smtp://", "smtp://us:secret@")
        with pytest.raises(Away, match="NO_ENCRYPTION"):
            smtp(url).send(MAIL)

    assert server.attempts == 0


def test_a_connection_that_broke_is_made_anew() -> None:
    with MailServer() as server:
        sender = smtp(server.url)
        sender.send(MAIL)
        assert sender._connection and sender._connection.sock
        sender._connection.sock.shutdown(socket.SHUT_RDWR)
        with pytest.raises(Away):
            sender.send(MAIL)
        sender.send(MAIL)
        sender.close()

    assert len(server.messages) == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("550 5.1.1 no such mailbox", Refused),
        ("554 5.7.1 not wanted", Refused),
        ("450 4.2.1 later", NotNow),
        ("530 5.7.0 who are you", NotNow),
    ],
)
def test_only_what_is_about_the_mail_is_for_good(answer: str, kind: type[Exception]) -> None:
    with MailServer() as server:
        server.refuse(answer)
        sender = smtp(server.url)
        with pytest.raises(kind) as problem:
            sender.send(MAIL)
        server.refuse("")
        sender.send(MAIL)
        sender.close()

    assert type(problem.value) is kind
    assert len(server.messages) == 1


@pytest.mark.parametrize("address", ["no address", "two@council.example, x@y.example", "a@b\r\nc"])
def test_an_address_that_is_none_is_refused_without_saying_it(address: str) -> None:
    with MailServer() as server, pytest.raises(Refused) as problem:
        smtp(server.url).send(replace(MAIL, address=address))

    assert server.attempts == 0
    assert address not in str(problem.value)


def test_a_name_on_two_lines_adds_no_header() -> None:
    with MailServer() as server:
        sender = smtp(server.url)
        sender.send(replace(MAIL, display_name="Priya\r\nBcc: all@council.example"))
        sender.close()

    assert server.messages[0]["Bcc"] is None
    assert len(server.messages) == 1


@dataclass
class Notify:
    """GOV.UK Notify, as far as one call goes."""

    url: str = ""
    status: int = 201
    answer: dict[str, Any] = field(default_factory=lambda: {"id": "1"})
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def refuse(self, status: int, message: str) -> None:
        self.status = status
        self.answer = {"status_code": status, "errors": [{"error": "X", "message": message}]}


@pytest.fixture
def notify() -> Iterator[Notify]:
    service = Notify()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            service.asked.append((self.path, body))
            answer = json.dumps(service.answer).encode()
            self.send_response(service.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    yield service
    server.shutdown()
    server.server_close()


def by_notify(notify: Notify) -> NotifySender:
    return NotifySender(notify.url, api_key=KEY, template_id="template-1", timeout_s=5)


def test_notify_gets_subject_and_words_and_our_reference(notify: Notify) -> None:
    sender = by_notify(notify)

    sender.send(MAIL)
    sender.close()

    assert notify.asked == [
        (
            "/v2/notifications/email",
            {
                "email_address": MAIL.address,
                "template_id": "template-1",
                "personalisation": {"subject": "A subject", "body": "Some words."},
                "reference": "0192",
                "one_click_unsubscribe_url": MAIL.unsubscribe_url,
            },
        )
    ]


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Refused), (403, Away), (404, NotNow), (429, Away), (503, Away)]
)
def test_notify_refuses_the_mail_or_us(
    notify: Notify, status: int, kind: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    notify.refuse(status, f"{MAIL.address} is not wanted")

    with pytest.raises(kind) as problem:
        by_notify(notify).send(MAIL)

    assert type(problem.value) is kind
    assert MAIL.address not in str(problem.value) + caplog.text


def test_notify_may_be_away(notify: Notify) -> None:
    notify.url = f"http://127.0.0.1:{free_port()}"

    with pytest.raises(Away):
        by_notify(notify).send(MAIL)


def test_the_url_says_how_mail_is_sent() -> None:
    assert isinstance(ways_out.sender(Config(mail_url="smtps://mail.example")), SmtpSender)
    assert isinstance(ways_out.sender(Config(mail_url="smtp://mail.example:2525")), SmtpSender)
    assert isinstance(
        ways_out.sender(Config(mail_url="notify://", notify_api_key=KEY)), NotifySender
    )
    with pytest.raises(ValueError, match="not smtp, smtps or notify"):
        ways_out.sender(Config(mail_url="http://mail.example"))
