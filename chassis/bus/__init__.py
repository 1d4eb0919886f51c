"""News inside a region: written with the change it tells of, published in order, handled once."""

from chassis.bus.connection import Bus, BusError
from chassis.bus.consumer import Consumer
from chassis.bus.envelope import EventMeta
from chassis.bus.handling import Handlers, Permanent, Refused, Together, current_event
from chassis.bus.outbox import publish, publish_all
from chassis.bus.relay import Relay

__all__ = [
    "Bus",
    "BusError",
    "Consumer",
    "EventMeta",
    "Handlers",
    "Permanent",
    "Refused",
    "Relay",
    "Together",
    "current_event",
    "publish",
    "publish_all",
]
