"""From messages to what their readers get."""

from __future__ import annotations

from interchange.notifications.v1 import notifications_pb2 as pb

from chassis.timestamps import to_proto as stamp
from services.notifications.inbox.models import Message


def to_proto(message: Message) -> pb.Message:
    return pb.Message(
        name=message.name,
        subject=message.subject,
        body=message.body,
        template=message.template,
        about=message.about,
        action_needed=message.waits,
        create_time=stamp(message.create_time),
        read_time=stamp(message.read_time) if message.read_time else None,
        settle_time=stamp(message.settle_time) if message.settle_time else None,
    )
