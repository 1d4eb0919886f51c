"""Mail by SMTP, over one connection for as many mails as there are."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from email.errors import HeaderParseError
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from chassis.clock import now
from services.notifications.deliveries.models import Problem
from services.notifications.deliveries.redaction import redacted
from services.notifications.deliveries.senders import Away, Mail, NotNow, Refused, Unsent

PORTS = {"smtp": 25, "smtps": 465}
MAILBOX_UNAVAILABLE = range(550, 560)  # of the mail itself, unlike 50x and 53x, which are about us


class Verbatim:
    """A header that leaves as it is. Python would write a long address of a page as an encoded
    word, which no mail program undoes there: it would find nothing to unsubscribe with."""

    max_count = 1
    name: str

    @classmethod
    def parse(cls, value: str, parts: dict[str, Any]) -> None:
        parts["decoded"], parts["parse_tree"] = value, None

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


HEADERS = HeaderRegistry()
HEADERS.map_to_type("List-Unsubscribe", Verbatim)  # type: ignore[arg-type]  # the stub wants its own classes
SMTP_POLICY = SMTP.clone(header_factory=HEADERS)


class SmtpSender:
    """Sends through the mail server of a URL: smtps:// with TLS from the first byte, smtp:// with
    STARTTLS where it is offered. A password is never sent without TLS."""

    def __init__(
        self, url: str, *, sender: str, timeout_s: float, ca_file: Path | None = None
    ) -> None:
        self._url = urlsplit(url)
        self._sender = sender
        self._timeout_s = timeout_s
        self._ca_file = ca_file
        self._connection: smtplib.SMTP | None = None

    def send(self, mail: Mail) -> None:
        personal = (mail.address, mail.display_name)
        try:
            message = compose(mail, self._sender)
        except (ValueError, HeaderParseError) as problem:
            raise Refused(Problem.BAD_ADDRESS) from problem
        try:
            self._connected().send_message(message, to_addrs=[mail.address])
        except smtplib.SMTPRecipientsRefused as problem:
            code, text = next(iter(problem.recipients.values()))
            raise _refusal(code, text, personal) from problem
        except smtplib.SMTPSenderRefused as problem:  # not the recipient's fault: worth a try later
            said = _said(problem.smtp_code, problem.smtp_error, personal)
            raise NotNow(Problem.REFUSED_FOR_NOW, said) from problem
        except smtplib.SMTPDataError as problem:
            raise _refusal(problem.smtp_code, problem.smtp_error, personal) from problem
        except smtplib.SMTPNotSupportedError as problem:  # such as an address beyond ASCII
            raise Refused(Problem.BAD_ADDRESS) from problem
        except (smtplib.SMTPException, OSError) as problem:
            self.close()
            raise Away(Problem.SERVER_AWAY, type(problem).__name__) from problem

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()

    def _connected(self) -> smtplib.SMTP:
        if self._connection is None or self._connection.sock is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> smtplib.SMTP:
        host, port = self._url.hostname or "127.0.0.1", _port(self._url)
        if self._url.scheme == "smtps":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port, timeout=self._timeout_s, context=self._context()
            )
        else:
            connection = smtplib.SMTP(host, port, timeout=self._timeout_s)
            self._start_tls(connection)
        self._log_in(connection)
        return connection

    def _start_tls(self, connection: smtplib.SMTP) -> None:
        connection.ehlo()
        if connection.has_extn("starttls"):
            connection.starttls(context=self._context())
            connection.ehlo()
        elif self._url.password:
            connection.close()
            raise Away(Problem.NO_ENCRYPTION)

    def _log_in(self, connection: smtplib.SMTP) -> None:
        if not self._url.username:
            return
        try:
            connection.login(unquote(self._url.username), unquote(self._url.password or ""))
        except smtplib.SMTPException as problem:
            connection.close()
            raise Away(Problem.NOT_ACCEPTED) from problem

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file)


def compose(mail: Mail, sender: str) -> EmailMessage:
    """The mail as it travels. Its Message-ID is the same each time, so that a second copy is recognisable."""
    display_name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = Address(display_name, addr_spec=address)
    message["To"] = Address(" ".join(mail.display_name.split()), addr_spec=mail.address)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{mail.id}@{address.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: keeps holiday replies away
    if mail.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    message["Content-Language"] = mail.language  # last: setting content moves it into a part
    return message


def _refusal(code: int, text: bytes | str, personal: tuple[str, ...]) -> Unsent:
    said = _said(code, text, personal)
    if code in MAILBOX_UNAVAILABLE:
        return Refused(Problem.REFUSED, said)
    return NotNow(Problem.REFUSED_FOR_NOW, said)


def _said(code: int, text: bytes | str, personal: tuple[str, ...]) -> str:
    said = text.decode("utf-8", errors="replace") if isinstance(text, bytes) else text
    return f"{code} {redacted(said, *personal)}"


def _port(url: SplitResult) -> int:
    return url.port or PORTS[url.scheme]
