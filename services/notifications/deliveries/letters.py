"""From a delivery to a mail: what it tells, to whom, in which words, with which links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from interchange.identity.v1.people_pb2 import Contact
from sqlalchemy.orm import Session

from services.notifications.deliveries.models import Problem
from services.notifications.deliveries.queue import Taken
from services.notifications.deliveries.senders import Mail
from services.notifications.inbox import queries as inbox
from services.notifications.inbox.models import Message
from services.notifications.preferences import queries as preferences
from services.notifications.preferences.models import ENGLISH, Preferences
from services.notifications.templates.catalogue import CATALOGUE, DIGEST, Template
from services.notifications.templates.texts import Text, paragraphs, texts


@dataclass(frozen=True, slots=True)
class Links:
    """Where mails point to: pages for people, and the gateway for mail programs."""

    public_url: str
    api_url: str

    def to(self, resource: str) -> str:
        return f"{self.public_url}/{resource}"

    def secret(self, page: str, token: str) -> str:
        return f"{self.public_url}/{page}?token={quote(token, safe='')}"

    def unsubscribe(self, token: str, topic: str = "") -> str:
        """Of mail of this topic alone, if it has one."""
        address = f"{self.api_url}/v1/subscriptions/{quote(token, safe='')}:unsubscribe"
        return f"{address}?topic={topic}" if topic else address


@dataclass(frozen=True, slots=True)
class Content:
    """What is known here of a mail that is to be written."""

    kind: Template
    wishes: Preferences
    messages: Sequence[Message]


def load(session: Session, taken: Taken) -> Content:
    kind = CATALOGUE[taken.template]
    messages: Sequence[Message] = ()
    if not kind.is_private:
        messages = inbox.told_by(session, message=taken.message_id, digest=taken.id)
    return Content(kind, preferences.get(session, taken.person), messages)


def objection(content: Content, contact: Contact | None) -> Problem:
    """Why this mail is not to be sent; none when it is."""
    if contact is None or not contact.email:
        return Problem.UNKNOWN_PERSON
    if content.kind.is_private:  # these are how an address gets confirmed
        return Problem.NONE
    if not contact.email_confirmed:
        return Problem.UNCONFIRMED_ADDRESS
    if not (content.kind.is_urgent or content.wishes.wants(content.kind.topic)):
        return Problem.UNWANTED
    return Problem.NONE if content.messages else Problem.NOTHING_LEFT


def write(taken: Taken, content: Content, contact: Contact, token: str, links: Links) -> Mail:
    """The mail. `token` is empty unless its template carries one."""
    kind, language = content.kind, contact.language or ENGLISH
    text = _text(content, language)
    parts = {
        "display_name": contact.display_name,
        "subject": text.subject,
        "body": text.body,
        "paragraphs": paragraphs(text.body),
        "url": _url(content, token, links),
        "items": _items(content, links),
        "preferences_url": "" if kind.is_urgent else links.to(content.wishes.name),
    }
    plain, html = texts.mail(language=language, **parts)
    return Mail(
        id=str(taken.id),
        address=contact.email,
        display_name=contact.display_name,
        subject=text.subject,
        text=plain,
        html=html,
        language=language,
        unsubscribe_url=_unsubscribe_url(content, links),
    )


def _text(content: Content, language: str) -> Text:
    """As the inbox has it; what the inbox does not have is rendered now."""
    kind, messages = content.kind, content.messages
    if kind.is_private or kind is DIGEST:
        return texts.render(kind.name, language, count=len(messages))
    return Text(messages[0].subject, messages[0].body)


def _url(content: Content, token: str, links: Links) -> str:
    if token:
        return links.secret(content.kind.page, token)
    if content.kind is DIGEST:
        return links.to("messages")
    return links.to(content.messages[0].about) if content.messages[0].about else ""


def _items(content: Content, links: Links) -> list[dict[str, str]]:
    if content.kind is not DIGEST:
        return []
    return [
        {"subject": message.subject, "url": links.to(message.about or message.name)}
        for message in content.messages
    ]


def _unsubscribe_url(content: Content, links: Links) -> str:
    if content.kind.is_urgent:
        return ""
    return links.unsubscribe(content.wishes.unsubscribe_token, content.kind.topic)
