"""How an event travels: its subject, its CloudEvents 1.0 headers (binary mode), its protobuf body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from uuid import UUID

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from interchange.common.v1.events_pb2 import subject as subject_option

from chassis.tracing import TRACEPARENT

# Half a kibibyte under the stream's bound, for the headers' growth between versions.
MAX_PAYLOAD = 60 * 1024
MESSAGE_ID = "Nats-Msg-Id"


@dataclass(frozen=True, slots=True)
class EventMeta:
    """What is known of an event beside its content."""

    id: str
    type: str  # full name of the message, such as interchange.opportunities.v1.NoticePublished
    source: str  # the program that announced it
    time: str  # RFC 3339
    traceparent: str

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> EventMeta:
        """From the headers of a message; what is missing is empty."""
        return cls(
            id=headers.get("ce-id", ""),
            type=headers.get("ce-type", ""),
            source=headers.get("ce-source", ""),
            time=headers.get("ce-time", ""),
            traceparent=headers.get(TRACEPARENT, ""),
        )


@cache
def subject_of(kind: Descriptor) -> str:
    """`evt.<service>.<aggregate>.<verb>` of an event's type; TypeError when it is not an event."""
    verb = kind.GetOptions().Extensions[subject_option]
    if not verb:
        raise TypeError(f"{kind.full_name} has no subject: it is not an event")
    service = kind.file.package.split(".")[1]
    return f"evt.{service}.{verb}"


def encode(event: Message) -> bytes:
    """The body; ValueError when it is larger than the stream takes."""
    payload = event.SerializeToString()
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(
            f"{event.DESCRIPTOR.full_name} of {len(payload)} bytes is over {MAX_PAYLOAD}"
        )
    return payload


def headers(event: Message, event_id: UUID, at: datetime, traceparent: str) -> dict[str, str]:
    """CloudEvents attributes as NATS headers, and the trace that the event belongs to."""
    text = str(event_id)
    made = {
        **_headers_of(event.DESCRIPTOR),
        MESSAGE_ID: text,
        "ce-id": text,
        "ce-time": _written(at),
    }
    return {**made, TRACEPARENT: traceparent} if traceparent else made


@lru_cache(maxsize=1)  # a page of events has one time
def _written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


@cache
def _headers_of(kind: Descriptor) -> dict[str, str]:
    """Those that all events of a type share: a page of a partner's log makes a thousand at once."""
    package = kind.file.package
    return {
        "ce-specversion": "1.0",
        "ce-source": package.split(".")[1],
        "ce-type": kind.full_name,
        "ce-dataschema": package,
        "content-type": "application/protobuf",
    }


def with_id(headers: Mapping[str, str], part: int) -> dict[str, str]:
    """The headers of an event for one of its parts."""
    text = f"{headers['ce-id']}:{part}"
    return {**headers, "ce-id": text, MESSAGE_ID: text}
