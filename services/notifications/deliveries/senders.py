"""Ways out for mail: what a sender takes, and how it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, ready to go."""

    id: str  # the same each time that it is tried
    address: str
    display_name: str
    subject: str
    text: str
    html: str
    language: str
    unsubscribe_url: str = ""  # empty: nobody can unsubscribe from this


class Refused(Exception):
    """This mail will never be taken. The text holds no address."""


class NotNow(Exception):
    """This mail was not taken, but may be later. The text holds no address."""


class Away(NotNow):
    """The mail server does not answer, or not to us: the next mail would fare no better."""


class Sender(Protocol):
    """Sends mails one by one; between them it may keep a connection, until it is closed."""

    def send(self, mail: Mail) -> None:
        """Return once the other side has taken the mail; raises Refused, NotNow or Away."""

    def close(self) -> None:
        """Let go of the connection. The next mail opens another."""
