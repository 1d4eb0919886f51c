"""What somebody takes back, declines, closes or ends, for the region's audit log: told if it is done, and only then."""

from __future__ import annotations

from google.protobuf.message import Message
from sqlalchemy.orm import Session

from chassis.auth import principal
from chassis.bus import publish


def record(session: Session, act: type[Message], action: str, subject: str) -> None:
    """What the caller does in this transaction; `act` is the service's own `ActTaken`."""
    publish(session, act(actor=principal().actor, action=action, subject=subject))
