"""Between preferences and their message."""

from __future__ import annotations

from interchange.notifications.v1 import notifications_pb2 as pb

from chassis.convert import number
from chassis.errors import InvalidArgument
from chassis.etags import etag
from services.notifications.preferences.models import Frequency, Preferences

WRITABLE = frozenset({"frequency", "alerts_off"})


def to_proto(preferences: Preferences) -> pb.Preferences:
    return pb.Preferences(
        name=preferences.name,
        frequency=number(preferences.frequency),
        alerts_off=preferences.alerts_off,
        etag=etag(preferences.version),
    )


def read_frequency(message: pb.Preferences) -> Frequency:
    if not message.frequency:
        raise InvalidArgument("FREQUENCY_REQUIRED", "say how often", field="preferences.frequency")
    return Frequency(message.frequency)
