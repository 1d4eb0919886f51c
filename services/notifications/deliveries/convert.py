"""From deliveries to what operators see."""

from __future__ import annotations

from interchange.notifications.v1 import notifications_pb2 as pb

from chassis.convert import number
from chassis.timestamps import to_proto as stamp
from services.notifications.deliveries.models import Delivery, State


def to_proto(delivery: Delivery) -> pb.Delivery:
    is_queued = delivery.state is State.QUEUED
    return pb.Delivery(
        name=delivery.name,
        person=delivery.person,
        template=delivery.template,
        state=number(delivery.state),
        attempts=delivery.attempts,
        problem=number(delivery.problem),
        error=delivery.error,
        create_time=stamp(delivery.create_time),
        next_attempt_time=stamp(delivery.next_attempt_time) if is_queued else None,
        send_time=stamp(delivery.send_time) if delivery.send_time else None,
    )
