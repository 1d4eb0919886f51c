"""A real mail server in a thread, which keeps what it is given and refuses what it is told to."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from cli.ports import free_port


class MailServer:
    """`with MailServer() as mail:`; mail.url, mail.messages, mail.refuse("450 later")."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.attempts = 0
        self._answer = ""
        port = free_port()
        self.url = f"smtp://127.0.0.1:{port}"
        self._controller = Controller(self, hostname="127.0.0.1", port=port)

    def refuse(self, answer: str) -> None:
        """Answer each mail so from now on, such as "450 try later"; empty: take mail again."""
        self._answer = answer

    def to(self, address: str) -> list[EmailMessage]:
        """Mails to one address."""
        return [each for each in self.messages if address in str(each["To"])]

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        self.attempts += 1
        if self._answer:
            return self._answer
        content = envelope.content
        assert isinstance(content, bytes)
        self.messages.append(message_from_bytes(content, policy=policy.default))
        return "250 taken"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self,
        _: type[BaseException] | None,
        __: BaseException | None,
        ___: TracebackType | None,
    ) -> None:
        self._controller.stop()
