"""Ways out for mail: what a sender takes, and how it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from services.notifications.deliveries.models import Problem


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


class Unsent(Exception):
    """Why a mail did not go, and what the other side said of it: no address, and nothing that we have a name for."""

    def __init__(self, problem: Problem, said: str = "") -> None:
        super().__init__(f"{problem.name} {said}".strip())
        self.problem, self.said = problem, said


class Refused(Unsent):
    """This mail will never be taken."""


class NotNow(Unsent):
    """This mail was not taken, but may be later."""


class Away(NotNow):
    """The mail server does not answer, or not to us: the next mail would fare no better."""


class Sender(Protocol):
    """Sends mails one by one; between them it may keep a connection, until it is closed."""

    def send(self, mail: Mail) -> None:
        """Return once the other side has taken the mail; raises Refused, NotNow or Away."""

    def close(self) -> None:
        """Let go of the connection. The next mail opens another."""
